#include "herald/daemon/drain_files.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <sys/stat.h>

namespace herald::daemon {

namespace {

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

void drain_files::start() {
    running_ = true;
    look_again();
}

void drain_files::stop() {
    running_ = false;
    timer_.cancel();
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

void drain_files::look_again() {
    for (const auto& service : services_)
        look(*service);
    timer_.expires_after(interval); // in place of an earlier wait, if any
    if (std::ranges::all_of(services_, [](const auto& service) {
            return service->settings().service.drain_file.empty();
        }))
        return;
    timer_.async_wait([this](boost::system::error_code error) {
        if (!error && running_)
            look_again();
    });
}

} // namespace herald::daemon
