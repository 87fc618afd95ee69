#include "herald/daemon/drain_files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <optional>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace herald::daemon {

namespace {

/// How often a file is looked for while its directory cannot be watched.
constexpr std::chrono::milliseconds unwatched_interval{500};
/// And otherwise: a directory further up that is replaced, or mounted over, is not told of.
constexpr std::chrono::milliseconds watched_interval{10000};

/// None: it cannot be told.
std::optional<bool> is_there(const std::filesystem::path& file) {
    struct stat unused{};
    if (::stat(file.c_str(), &unused) == 0)
        return true;
    if (errno == ENOENT || errno == ENOTDIR)
        return false;
    return std::nullopt;
}

/// Whether all is told that makes the file come or go. Watching a directory again changes nothing.
bool watch(int watches, const std::filesystem::path& file) {
    constexpr std::uint32_t events = IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM |
                                     IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
    std::error_code ignored;
    if (watches < 0 || std::filesystem::is_symlink(file, ignored))
        return false; // where a link leads is not told
    return ::inotify_add_watch(watches, file.parent_path().c_str(), events) >= 0;
}

} // namespace

struct drain_files::finding {
    explicit finding(std::filesystem::path of) : path(std::move(of)) {}

    std::filesystem::path path;
    bool is_watched = false;
    std::optional<bool> is_there;
};

drain_files::drain_files(const boost::asio::any_io_executor& executor, observer tell)
    : tell_(std::move(tell))
    , watches_(executor)
    , timer_(executor) {}

void drain_files::look_for(file_map files) {
    std::map<std::string, entry> next;
    for (auto& [service, path] : files) {
        const auto known = files_.find(service);
        if (known != files_.end() && known->second.path == path)
            next.insert(files_.extract(known));
        else
            next[service].path = std::move(path);
    }
    files_ = std::move(next);
    if (files_.empty())
        return stop();
    open_watches();
    look_at_all();
}

void drain_files::stop() {
    boost::system::error_code ignored;
    files_.clear();
    watches_.close(ignored);
    timer_.cancel();
}

void drain_files::open_watches() {
    if (watches_.is_open())
        return;
    const int descriptor = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (descriptor < 0)
        return;
    watches_.assign(descriptor);
    await_change();
}

void drain_files::await_change() {
    watches_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [this, alive = std::weak_ptr(alive_)](boost::system::error_code error) {
                            if (error || alive.expired() || files_.empty())
                                return;
                            // That something has changed is all that is to be known.
                            alignas(inotify_event) std::array<char, 4096> told;
                            while (::read(watches_.native_handle(), told.data(), told.size()) > 0) {
                            }
                            look_at_all();
                            await_change();
                        });
}

void drain_files::look_at_all() {
    for (const auto& [service, file] : files_)
        look(service);
    look_again_later();
}

/// The watching comes first: what happens after it is told.
void drain_files::look(const std::string& service) {
    auto& file = files_.at(service);
    if (file.is_being_looked_for) {
        file.again = true;
        return;
    }
    file.is_being_looked_for = true;
    const int watches = watches_.is_open()
                            ? ::fcntl(watches_.native_handle(), F_DUPFD_CLOEXEC, 0)
                            : -1; // the thread's own, which may hang for longer than we live
    const auto found = std::make_shared<finding>(file.path);
    threads_.run_even_here(
        timer_.get_executor(),
        [found, watches] {
            found->is_watched = watch(watches, found->path);
            found->is_there = is_there(found->path);
            if (watches >= 0)
                ::close(watches);
        },
        [this, service, found] { looked(service, *found); }, http::worker_pool::loop::may_end);
}

void drain_files::looked(const std::string& service, const finding& found) {
    const auto file = files_.find(service);
    if (file == files_.end() || file->second.path != found.path)
        return; // there was a reload meanwhile
    file->second.is_being_looked_for = false;
    const bool was_watched = std::exchange(file->second.is_watched, found.is_watched);
    if (std::exchange(file->second.again, false))
        look(service);
    if (was_watched != found.is_watched)
        look_again_later();
    if (found.is_there)
        tell_(service, *found.is_there);
}

void drain_files::look_again_later() {
    const bool all_watched =
        std::ranges::all_of(files_, [](const auto& file) { return file.second.is_watched; });
    timer_.expires_after(all_watched ? watched_interval : unwatched_interval); // no earlier wait
    timer_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code cancelled) {
        if (!cancelled && !alive.expired())
            look_at_all();
    });
}

} // namespace herald::daemon
