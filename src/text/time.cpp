#include "herald/text/time.hpp"

#include <charconv>
#include <fmt/format.h>

namespace herald::text {

namespace {

using namespace std::chrono;

constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool has_shape(std::string_view text) {
    if (text.size() < shape.size())
        return false;
    for (std::size_t i = 0; i < shape.size(); ++i)
        if (shape[i] == 'd' ? !is_digit(text[i]) : text[i] != shape[i])
            return false;
    return true;
}

int number(std::string_view text, std::size_t at, std::size_t digits) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + digits, value);
    return value;
}

/// ".25Z" or "Z", RFC 3339 §5.6: time-secfrac and time-offset.
std::optional<nanoseconds> fraction_and_zone(std::string_view text) {
    if (text == "Z")
        return nanoseconds(0);
    if (text.size() < 3 || text.size() > 11 || text.front() != '.' || text.back() != 'Z')
        return std::nullopt;
    std::int64_t value = 0;
    for (std::size_t i = 1; i <= 9; ++i) {
        char digit = i < text.size() - 1 ? text[i] : '0';
        if (!is_digit(digit))
            return std::nullopt;
        value = value * 10 + (digit - '0');
    }
    return nanoseconds(value);
}

/// All nine digits of the fraction, without the zone.
std::string to_nanoseconds(system_clock::time_point time) {
    auto day = floor<days>(time);
    year_month_day date(day);
    hh_mm_ss clock(floor<nanoseconds>(time - day));
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

} // namespace

std::string to_rfc3339(system_clock::time_point time) {
    auto text = to_nanoseconds(time);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.'))
        text.pop_back();
    return text + 'Z';
}

std::string to_rfc3339(system_clock::time_point time, std::size_t digits) {
    return to_nanoseconds(time).substr(0, shape.size() + 1 + digits) + 'Z';
}

std::optional<system_clock::time_point> from_rfc3339(std::string_view text) {
    if (!has_shape(text))
        return std::nullopt;
    auto fraction = fraction_and_zone(text.substr(shape.size()));
    year_month_day date(year(number(text, 0, 4)), month(static_cast<unsigned>(number(text, 5, 2))),
                        day(static_cast<unsigned>(number(text, 8, 2))));
    auto hour = number(text, 11, 2);
    auto minute = number(text, 14, 2);
    auto second = number(text, 17, 2);
    if (!fraction || !date.ok() || hour > 23 || minute > 59 || second > 59)
        return std::nullopt;
    if (date.year() < year(1678) || date.year() > year(2261))
        return std::nullopt;
    return sys_days(date) + hours(hour) + minutes(minute) + seconds(second) + *fraction;
}

} // namespace herald::text
