#include "herald/config/configuration.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

/// Any octets are a configuration or problems with places, and there is no configuration beside an
/// error.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using herald::config::problem;
    const auto result =
        herald::config::parse({reinterpret_cast<const char*>(data), size}, "herald.toml");
    bool error = false;
    for (const auto& one : result.problems) {
        error = error || one.level == problem::severity::error;
        if (one.line == 0 || one.column == 0 || one.message.empty())
            std::abort();
    }
    if (error == result.settings.has_value())
        std::abort();
    return 0;
}
