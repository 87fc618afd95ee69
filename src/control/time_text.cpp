#include "herald/control/time_text.hpp"

#include <charconv>
#include <fmt/format.h>

namespace herald::control {

namespace {

using namespace std::chrono;

/// The number made of `size` digits at `from`; the caller has checked the length of the text.
std::optional<int> digits(std::string_view text, std::size_t from, std::size_t size) {
    const auto field = text.substr(from, size);
    if (field.find_first_not_of("0123456789") != std::string_view::npos)
        return std::nullopt;
    int number = 0;
    std::from_chars(field.data(), field.data() + field.size(), number);
    return number;
}

/// Whether the text has the punctuation of "2025-01-31T23:59:59.250Z", and its length.
bool has_form(std::string_view text) {
    constexpr std::string_view form = "dddd-dd-ddTdd:dd:dd.dddZ";
    if (text.size() != form.size())
        return false;
    for (std::size_t i = 0; i < form.size(); ++i) {
        if (form[i] != 'd' && text[i] != form[i])
            return false;
    }
    return true;
}

} // namespace

std::string to_text(wall_time time) {
    const auto whole = floor<milliseconds>(time);
    const auto midnight = floor<days>(whole);
    const year_month_day date{midnight};
    const hh_mm_ss clock{whole - midnight};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

std::optional<wall_time> parse_time(std::string_view text) {
    if (!has_form(text))
        return std::nullopt;
    const auto y = digits(text, 0, 4);
    const auto mo = digits(text, 5, 2);
    const auto d = digits(text, 8, 2);
    const auto h = digits(text, 11, 2);
    const auto mi = digits(text, 14, 2);
    const auto s = digits(text, 17, 2);
    const auto ms = digits(text, 20, 3);
    if (!y || !mo || !d || !h || !mi || !s || !ms)
        return std::nullopt;
    const year_month_day date{year{*y}, month{static_cast<unsigned>(*mo)},
                              day{static_cast<unsigned>(*d)}};
    if (!date.ok() || *h > 23 || *mi > 59 || *s > 59)
        return std::nullopt;
    return sys_days{date} + hours{*h} + minutes{*mi} + std::chrono::seconds{*s} + milliseconds{*ms};
}

} // namespace herald::control
