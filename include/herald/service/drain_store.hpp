#pragma once

#include "herald/service/stored_drain.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <system_error>

namespace herald::service {

class state_writer;

/// Keeps the drains in `<directory>/drains.json`. A write is atomic (a new file, fsync, rename,
/// fsync of the directory) and happens on a thread of its own: a slow disk costs no keepalive.
class drain_store {
public:
    drain_store(boost::asio::any_io_executor executor, const std::filesystem::path& directory);
    ~drain_store();

    /// What is stored; empty where there is no file. The error names the file and says what is
    /// wrong with it: cut short, not ours, of another version, a field of the wrong type.
    std::expected<stored_drains, std::string> load() const;

    /// Stores `drains` in place of what was, then calls `done` on the executor with the error, if
    /// any; what was stored before is then still there. Saves are carried out in order.
    void save(const stored_drains& drains, std::function<void(std::error_code)> done);

private:
    std::unique_ptr<state_writer> writer_;
};

} // namespace herald::service
