#include "herald/daemon/memory_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace herald::daemon {

namespace {

constexpr int all_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
/// More than 500 neighbors with 10,000 prefixes each need.
constexpr off_t largest_file = off_t{1} << 30;

std::unexpected<std::string> memory_failure(std::string_view what) {
    return std::unexpected(fmt::format("memory for the new program {}: {}", what,
                                       std::system_category().message(errno)));
}

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(descriptor, text.data(), text.size());
        if (written < 0)
            return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

std::expected<std::string, std::string> read_whole(int descriptor) {
    struct stat facts{};
    if (::fstat(descriptor, &facts) != 0)
        return memory_failure("cannot be read");
    if (facts.st_size > largest_file)
        return std::unexpected(fmt::format("{} octets are too many", facts.st_size));
    std::string text(static_cast<std::size_t>(facts.st_size), '\0');
    std::size_t done = 0;
    while (done < text.size()) {
        const auto count =
            ::pread(descriptor, text.data() + done, text.size() - done, static_cast<off_t>(done));
        if (count <= 0)
            return memory_failure("cannot be read");
        done += static_cast<std::size_t>(count);
    }
    return text;
}

} // namespace

std::expected<memory_file, std::string> memory_file::make() {
    constexpr int first = 16;
    const int low = ::memfd_create("herald", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (low < 0)
        return memory_failure("cannot be had");
    const int descriptor = ::fcntl(low, F_DUPFD_CLOEXEC, first);
    const int error = errno;
    ::close(low);
    errno = error;
    if (descriptor < 0)
        return memory_failure("cannot be had");
    return memory_file(descriptor);
}

std::expected<memory_file, std::string> memory_file::make_sealed(std::string_view text) {
    auto made = make();
    if (!made)
        return made;
    if (!write_all(made->descriptor_, text))
        return memory_failure("cannot be written");
    if (::fcntl(made->descriptor_, F_ADD_SEALS, all_seals) != 0)
        return memory_failure("cannot be sealed");
    return made;
}

memory_file::memory_file(memory_file&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

memory_file::~memory_file() {
    if (descriptor_ >= 0)
        ::close(descriptor_);
}

std::expected<std::string, std::string> memory_file::read() const {
    return read_whole(descriptor_);
}

std::expected<std::string, std::string> read_sealed(int descriptor) {
    const int seals = ::fcntl(descriptor, F_GET_SEALS);
    if (seals < 0 || (seals & all_seals) != all_seals)
        return std::unexpected("it is not sealed memory");
    return read_whole(descriptor);
}

} // namespace herald::daemon
