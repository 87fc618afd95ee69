#include "output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <system_error>
#include <unistd.h>

namespace heraldctl {

result<void> print(std::string_view text) {
    const auto written = std::fwrite(text.data(), 1, text.size(), stdout);
    if (written != text.size() || std::fflush(stdout) != 0)
        return refused(fmt::format("cannot write: {}", std::system_category().message(errno)));
    return {};
}

bool wants_colour() {
    const char* refusal = std::getenv("NO_COLOR");
    return (refusal == nullptr || *refusal == '\0') && ::isatty(STDOUT_FILENO) == 1;
}

} // namespace heraldctl
