#pragma once

#include "herald/http/worker_pool.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace herald::daemon {

/// Looks whether services' drain files exist. Their directories are watched by inotify(7); while
/// one cannot be, as when it does not exist, the file is looked for twice a second. A look may
/// block for as long as the file system likes, so each is on a thread of its own, one a file.
class drain_files {
public:
    /// By service.
    using file_map = std::map<std::string, std::filesystem::path>;
    /// Told of each look that could tell.
    using observer = std::function<void(const std::string& service, bool is_there)>;

    drain_files(const boost::asio::any_io_executor& executor, observer tell);

    /// Looks for these, now and from now on, and for no others.
    void look_for(file_map files);
    void stop();

private:
    struct entry {
        std::filesystem::path path;
        bool is_being_looked_for = false;
        bool again = false; // it changed meanwhile
        bool is_watched = false;
    };
    struct finding;

    void open_watches();
    void await_change();
    void look_at_all();
    void look(const std::string& service);
    void looked(const std::string& service, const finding& found);
    void look_again_later();

    observer tell_;
    std::map<std::string, entry> files_;
    boost::asio::posix::stream_descriptor watches_;
    boost::asio::steady_timer timer_;
    http::worker_pool threads_{http::worker_pool::unlimited};
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

} // namespace herald::daemon
