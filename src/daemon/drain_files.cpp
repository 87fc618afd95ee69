#include "herald/daemon/drain_files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

namespace herald::daemon {

namespace {

/// How often files are looked for where their directory cannot be watched.
constexpr std::chrono::milliseconds unwatched_interval{500};
/// And else: a directory further up that is replaced, or mounted over, is not told of.
constexpr std::chrono::milliseconds watched_interval{10000};

bool has_file(const std::unique_ptr<managed_service>& service) {
    return !service->settings().service.drain_file.empty();
}

/// None where it cannot be told.
std::optional<bool> is_there(const std::filesystem::path& file) {
    struct stat unused{};
    if (::stat(file.c_str(), &unused) == 0)
        return true;
    if (errno == ENOENT || errno == ENOTDIR)
        return false;
    return std::nullopt;
}

} // namespace

drain_files::drain_files(const boost::asio::any_io_executor& executor,
                         const std::vector<std::unique_ptr<managed_service>>& services)
    : services_(services)
    , watches_(executor)
    , timer_(executor) {}

void drain_files::start() {
    running_ = true;
    look_at_all();
}

void drain_files::stop() {
    boost::system::error_code ignored;
    running_ = false;
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

/// Whether all is told that makes the file come or go. Watching a directory again changes nothing.
bool drain_files::watch(const managed_service& service) {
    constexpr std::uint32_t events = IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM |
                                     IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
    const auto& file = service.settings().service.drain_file;
    std::error_code ignored;
    if (!watches_.is_open() || std::filesystem::is_symlink(file, ignored))
        return false; // where a link leads is not told
    const auto directory = file.parent_path();
    return ::inotify_add_watch(watches_.native_handle(), directory.c_str(), events) >= 0;
}

void drain_files::look(managed_service& service) {
    using enum service::drain_source;
    const auto& file = service.settings().service.drain_file;
    const bool drained = service.current_drains().contains(by_file);
    // Where it cannot be told, all stays as it is.
    const bool wanted = !file.empty() && is_there(file).value_or(drained);
    if (wanted == drained)
        return;
    if (!wanted)
        return service.undrain(by_file);
    service::stored_drain drain;
    drain.since = std::chrono::system_clock::now();
    drain.by = file.string();
    service.drain(by_file, drain);
}

void drain_files::look_at_all() {
    const bool any = std::ranges::any_of(services_, has_file);
    if (any)
        open_watches();
    bool all_watched = true;
    for (const auto& service : services_) {
        if (has_file(service))
            all_watched = watch(*service) && all_watched; // first: what comes after is told
        look(*service);
    }
    timer_.expires_after(all_watched ? watched_interval : unwatched_interval); // no earlier wait
    if (!any)
        return;
    timer_.async_wait([this](boost::system::error_code error) {
        if (!error && running_)
            look_at_all();
    });
}

void drain_files::await_change() {
    watches_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [this](boost::system::error_code error) {
                            if (error || !running_)
                                return;
                            // That something has changed is all that is to be known.
                            alignas(inotify_event) std::array<char, 4096> told;
                            while (::read(watches_.native_handle(), told.data(), told.size()) > 0) {
                            }
                            look_at_all();
                            await_change();
                        });
}

} // namespace herald::daemon
