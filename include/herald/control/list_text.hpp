#pragma once

#include "herald/control/response.hpp"
#include "herald/control/wait_condition.hpp"

#include <boost/json/value.hpp>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace herald::control {

/// Which part of a list is asked for: ?limit and ?after.
struct page {
    std::size_t limit; // as large as can be: all of it
    std::string after; // what a page before said is next; "": from the beginning
};

/// Takes them out of the parameters. The error is a line for people.
std::expected<page, std::string> take_page(std::vector<parameter>& parameters);

/// {"KEY":[…],"next":…}, as text from the first: a long list is held once.
class list_text {
public:
    explicit list_text(std::string_view key);

    void add(const boost::json::value& item);
    std::size_t count() const { return count_; }
    std::size_t size() const { return text_.size(); }
    /// `next`: what to ask for after this page; none: this was all.
    response end(const std::optional<std::string>& next) &&;

private:
    std::string text_;
    std::size_t count_ = 0;
};

} // namespace herald::control
