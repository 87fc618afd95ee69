#pragma once

#include "herald/service/state_writer.hpp"
#include "herald/service/stored_drains.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <deque>
#include <expected>
#include <filesystem>
#include <functional>
#include <string>
#include <system_error>

namespace herald::daemon {

/// The operators' drains in force, in step with `<directory>/drains.json`. Changes are made one
/// after the other: each is stored first and takes effect only once it is, so that what cannot be
/// stored never happened.
class drain_book {
public:
    /// Makes a change in the drains.
    using change = std::function<void(service::stored_drains&)>;
    /// Told how it went; without an error drains() has the change.
    using outcome = std::function<void(std::error_code)>;

    drain_book(boost::asio::any_io_executor executor, const std::filesystem::path& directory);

    /// Reads what is stored, none when there is no file, and drops what has expired meanwhile. The
    /// error names the file and what is wrong with it: a forgotten drain would send users to a node
    /// that an operator took out of service.
    std::expected<void, std::string> load();

    const service::stored_drains& drains() const { return drains_; }
    void apply(change make, outcome tell);

private:
    struct entry {
        change make;
        outcome tell;
    };

    void save_next();

    service::state_writer writer_;
    service::stored_drains drains_;
    std::deque<entry> queue_;
};

} // namespace herald::daemon
