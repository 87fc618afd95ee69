#pragma once

#include <cstdint>
#include <string>

namespace herald::test {

/// What fsync(2) does in a program that is linked with this: all that is written to disk safely
/// goes through it.
enum class disk : std::uint8_t {
    good,
    hangs,                        // until it is anything else
    fails,                        // with EIO
    fails_with_directories_alone, // after what was written to the file is in its place
};

/// While it lives.
class disk_is {
public:
    explicit disk_is(disk now);
    ~disk_is();
    disk_is(const disk_is&) = delete;
    disk_is& operator=(const disk_is&) = delete;

    void become(disk next);
    /// Returns once somebody waits for a disk that hangs.
    static void await_writer();
};

/// While it lives, a stat(2) of this path does not return, as on a network file system whose server
/// is away.
class hung_path {
public:
    explicit hung_path(std::string path);
    ~hung_path();
    hung_path(const hung_path&) = delete;
    hung_path& operator=(const hung_path&) = delete;
};

} // namespace herald::test
