#include "herald/service/state_file.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace herald::service {

namespace {

std::error_code last_error() {
    return {errno, std::system_category()};
}

class descriptor {
public:
    descriptor(const std::filesystem::path& path, int flags)
        : number_(::open(path.c_str(), flags | O_CLOEXEC, 0640)) {}
    ~descriptor() {
        if (number_ >= 0)
            ::close(number_);
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;

    int number() const { return number_; }
    std::error_code sync() const {
        return ::fsync(number_) == 0 ? std::error_code() : last_error();
    }
    /// Some file systems say only here that a write failed.
    std::error_code close() {
        return ::close(std::exchange(number_, -1)) == 0 ? std::error_code() : last_error();
    }

private:
    int number_;
};

std::error_code write_all(int file, std::string_view content) {
    while (!content.empty()) {
        auto written = ::write(file, content.data(), content.size());
        if (written < 0 && errno != EINTR)
            return last_error();
        if (written > 0)
            content.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

std::error_code write_file(const std::filesystem::path& path, std::string_view content) {
    descriptor file(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
    if (file.number() < 0)
        return last_error();
    if (auto error = write_all(file.number(), content))
        return error;
    if (auto error = file.sync())
        return error;
    return file.close();
}

std::error_code sync_directory(const std::filesystem::path& path) {
    descriptor directory(path, O_RDONLY | O_DIRECTORY);
    return directory.number() < 0 ? last_error() : directory.sync();
}

} // namespace

std::expected<std::string, std::error_code> read_file(const std::filesystem::path& path) {
    descriptor file(path, O_RDONLY);
    if (file.number() < 0)
        return std::unexpected(last_error());
    std::string content;
    std::array<char, 4096> piece;
    for (;;) {
        auto count = ::read(file.number(), piece.data(), piece.size());
        if (count == 0)
            return content;
        if (count < 0 && errno != EINTR)
            return std::unexpected(last_error());
        if (count > 0)
            content.append(piece.data(), static_cast<std::size_t>(count));
    }
}

replacement replace_file(const std::filesystem::path& file, std::string_view content) {
    auto fresh = file;
    fresh += ".new";
    auto error = write_file(fresh, content);
    if (!error && ::rename(fresh.c_str(), file.c_str()) != 0)
        error = last_error();
    if (error) {
        ::unlink(fresh.c_str());
        return {error, {}};
    }
    return {{}, sync_directory(file.parent_path())};
}

} // namespace herald::service
