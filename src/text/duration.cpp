#include "herald/text/duration.hpp"

#include "herald/text/harmless.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <fmt/format.h>

namespace herald::text {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest = std::chrono::days{366};

struct unit {
    std::string_view name;
    milliseconds length;
};
/// From the shortest on.
constexpr std::array units{
    unit{"ms", milliseconds{1}},        unit{"s", std::chrono::seconds{1}},
    unit{"m", std::chrono::minutes{1}}, unit{"h", std::chrono::hours{1}},
    unit{"d", std::chrono::days{1}},    unit{"w", std::chrono::weeks{1}},
};

/// Takes one number and its unit from the front of `text`.
std::optional<milliseconds> read_part(std::string_view& text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{})
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto name = text.substr(0, text.find_first_of("0123456789"));
    const auto* found = std::ranges::find(units, name, &unit::name);
    if (found == units.end())
        return std::nullopt;
    text.remove_prefix(name.size());
    // Beyond `longest` every number is as wrong as the next, and none may overflow.
    const auto most = static_cast<std::uint64_t>(longest / found->length) + 1;
    return found->length * static_cast<milliseconds::rep>(std::min(number, most));
}

} // namespace

std::expected<milliseconds, std::string> parse_duration(std::string_view text) {
    if (text == "0")
        return milliseconds{};
    milliseconds sum{};
    auto rest = text;
    do {
        const auto part = read_part(rest);
        if (!part)
            return std::unexpected("not a duration such as \"500ms\", \"10m\" or \"1h30m\"");
        sum += *part;
        if (sum > longest)
            return std::unexpected("more than 366 days");
    } while (!rest.empty());
    return sum;
}

std::expected<milliseconds, std::string> parse_positive_duration(std::string_view text) {
    constexpr std::size_t bearable = 64;
    const auto found = parse_duration(text);
    if (found && *found > milliseconds{})
        return *found;
    return std::unexpected(fmt::format("\"{}\" is {}", harmless(cut(text, bearable)),
                                       found ? "no time at all" : found.error()));
}

std::optional<milliseconds> from_seconds(double count) {
    constexpr auto most = std::chrono::duration<double>(longest).count();
    if (!(count >= 0.001 && count <= most)) // so that it refuses a NaN
        return std::nullopt;
    return milliseconds{std::llround(count * 1000)};
}

std::string exact_duration(milliseconds duration) {
    if (duration == milliseconds{})
        return "0s";
    const auto* best = &units.front();
    for (const auto& one : units)
        if (one.length <= std::chrono::hours{1} && duration % one.length == milliseconds{})
            best = &one;
    return fmt::format("{}{}", duration / best->length, best->name);
}

std::string humanise(milliseconds duration) {
    using namespace std::chrono;
    if (duration <= milliseconds{})
        return "0s";
    if (duration < 1s)
        return fmt::format("{}ms", duration.count());
    const auto whole = duration_cast<seconds>(duration).count();
    if (whole < 60)
        return fmt::format("{}s", whole);
    if (whole < 3600)
        return fmt::format("{}m{:02}s", whole / 60, whole % 60);
    if (whole < 86400)
        return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
    return fmt::format("{}d{:02}h", whole / 86400, whole / 3600 % 24);
}

} // namespace herald::text
