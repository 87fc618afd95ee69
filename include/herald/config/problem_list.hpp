#pragma once

#include "herald/config/configuration.hpp"

#include <compare>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace herald::config {

/// Line and column in a file, from 1.
struct place {
    std::size_t line = 1;
    std::size_t column = 1;
    friend auto operator<=>(const place&, const place&) = default;
};

/// What was found so far, by place. What is noted twice (a default that does not suit two
/// neighbors) is one problem. At most `limit` errors and as many warnings are kept, so that a file
/// of nothing but faults is dealt with at once.
class problem_list {
public:
    explicit problem_list(std::string file, bool world_readable = false)
        : file_(std::move(file))
        , world_readable_(world_readable) {}

    void error(place where, std::string message);
    void warning(place where, std::string message);

    /// For those who found one more error: whether it would be dropped, so that its message need
    /// not be written.
    bool drops_error() {
        dropped_ = dropped_ || errors_ == limit;
        return errors_ == limit;
    }
    bool has_errors() const { return errors_ > 0; }
    const std::string& file() const { return file_; }
    /// Whether every user can read the file.
    bool world_readable() const { return world_readable_; }
    std::vector<problem> take() const;

    static constexpr std::size_t limit = 1000;

private:
    struct finding {
        place where;
        problem::severity level;
        std::string message;
        friend auto operator<=>(const finding&, const finding&) = default;
    };
    void add(std::size_t& count, finding one);

    std::string file_;
    bool world_readable_;
    std::set<finding> found_;
    std::size_t errors_ = 0;
    std::size_t warnings_ = 0;
    bool dropped_ = false;
};

/// A text from a file, quoted for a message: cut to a bearable length, harmless, and not shown when
/// it may hold a password.
std::string in_quotes(std::string_view text);

} // namespace herald::config
