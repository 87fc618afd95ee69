#include "herald/config/read_file.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace herald::config {
namespace {

/// Closes a file descriptor.
class descriptor {
public:
    explicit descriptor(int number) : number_(number) {}
    ~descriptor() { ::close(number_); }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    int number() const { return number_; }

private:
    int number_;
};

std::unexpected<std::string> failed(std::string_view what) {
    return std::unexpected(fmt::format("{}: {}", what, std::generic_category().message(errno)));
}

std::expected<struct stat, std::string> check_kind(int file, std::size_t largest) {
    struct stat facts{};
    if (::fstat(file, &facts) != 0)
        return failed("cannot be read");
    if (S_ISDIR(facts.st_mode))
        return std::unexpected("is a directory, not a file");
    if (!S_ISREG(facts.st_mode))
        return std::unexpected("is not a regular file");
    if (facts.st_size > static_cast<off_t>(largest))
        return std::unexpected(
            fmt::format("is too large: {} octets, at most {} are read", facts.st_size, largest));
    return facts;
}

/// Up to `most` octets.
std::expected<std::string, std::string> read_all(int file, std::size_t most) {
    std::string text;
    std::array<char, 16384> part{};
    while (text.size() <= most) {
        const auto count = ::read(file, part.data(), part.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return failed("cannot be read");
        if (count == 0)
            return text;
        text.append(part.data(), static_cast<std::size_t>(count));
    }
    return std::unexpected(fmt::format("is too large: at most {} octets are read", most));
}

} // namespace

std::expected<file_content, std::string> read_file(const std::filesystem::path& file,
                                                   std::size_t largest) {
    // O_NONBLOCK: opening a FIFO would wait for its writer.
    const descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (opened.number() < 0)
        return failed("cannot be opened");
    const auto facts = check_kind(opened.number(), largest);
    if (!facts)
        return std::unexpected(facts.error());
    // Some regular files, as those of /proc, have more to read than their size says.
    auto text = read_all(opened.number(), largest);
    if (!text)
        return std::unexpected(text.error());
    return file_content{*std::move(text), (facts->st_mode & S_IROTH) != 0};
}

} // namespace herald::config
