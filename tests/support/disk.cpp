#include "tests/support/disk.hpp"

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <fcntl.h>
#include <mutex>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace herald::test {

namespace {

std::atomic<disk> current = disk::good;
std::atomic<int> waiting = 0;

std::mutex hung_mutex; // of the next two
std::condition_variable hung_changed;
std::string hung; // the path; empty: none

bool is_directory(int descriptor) {
    struct stat what{};
    return ::fstat(descriptor, &what) == 0 && S_ISDIR(what.st_mode);
}

} // namespace

disk_is::disk_is(disk now) {
    become(now);
}

disk_is::~disk_is() {
    become(disk::good);
}

void disk_is::become(disk next) {
    current = next;
    current.notify_all();
}

void disk_is::await_writer() {
    waiting.wait(0);
}

hung_path::hung_path(std::string path) {
    const std::lock_guard lock(hung_mutex);
    hung = std::move(path);
}

hung_path::~hung_path() {
    {
        const std::lock_guard lock(hung_mutex);
        hung.clear();
    }
    hung_changed.notify_all();
}

} // namespace herald::test

/// In place of the C library's.
extern "C" int fsync(int descriptor) {
    using namespace herald::test;
    ++waiting;
    waiting.notify_all();
    current.wait(disk::hangs);
    --waiting;
    const auto how = current.load();
    if (how == disk::fails ||
        (how == disk::fails_with_directories_alone && is_directory(descriptor))) {
        errno = EIO;
        return -1;
    }
    return static_cast<int>(::syscall(SYS_fsync, descriptor));
}

/// In place of the C library's.
extern "C" int stat(const char* path, struct stat* into) {
    using namespace herald::test;
    {
        std::unique_lock lock(hung_mutex);
        hung_changed.wait(lock, [&] { return hung != path; });
    }
    return ::fstatat(AT_FDCWD, path, into, 0);
}
