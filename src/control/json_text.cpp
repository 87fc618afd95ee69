#include "herald/control/json_text.hpp"

#include <boost/json/serialize.hpp>
#include <cmath>
#include <cstdint>
#include <fmt/format.h>
#include <string_view>

namespace herald::control {

namespace {

namespace json = boost::json;

/// How many bytes the UTF-8 sequence at the front of `text` has; 0 where it is not one.
/// RFC 3629 §4: no overlong forms, no surrogates, nothing beyond U+10FFFF.
std::size_t sequence_size(std::string_view text) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0};
    };
    const auto in = [&](std::size_t i, unsigned low, unsigned high) {
        return byte(i) >= low && byte(i) <= high;
    };
    const auto lead = byte(0);
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return in(1, 0x80, 0xbf) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef) {
        const unsigned low = lead == 0xe0 ? 0xa0 : 0x80;
        const unsigned high = lead == 0xed ? 0x9f : 0xbf;
        return in(1, low, high) && in(2, 0x80, 0xbf) ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        const unsigned low = lead == 0xf0 ? 0x90 : 0x80;
        const unsigned high = lead == 0xf4 ? 0x8f : 0xbf;
        return in(1, low, high) && in(2, 0x80, 0xbf) && in(3, 0x80, 0xbf) ? 4 : 0;
    }
    return 0;
}

void write_string(std::string& out, std::string_view text) {
    json::string valid;
    valid.reserve(text.size());
    while (!text.empty()) {
        const auto size = sequence_size(text);
        if (size == 0)
            valid.append("\xef\xbf\xbd");
        else
            valid.append(text.substr(0, size));
        text.remove_prefix(size == 0 ? 1 : size);
    }
    out += json::serialize(valid);
}

void write(std::string& out, const json::value& value);

void write_array(std::string& out, const json::array& array) {
    std::string_view separator = "[";
    for (const auto& element : array) {
        out += separator;
        write(out, element);
        separator = ",";
    }
    out += array.empty() ? "[]" : "]";
}

void write_object(std::string& out, const json::object& object) {
    char separator = '{';
    for (const auto& [key, value] : object) {
        out += separator;
        write_string(out, key);
        out += ':';
        write(out, value);
        separator = ',';
    }
    out += object.empty() ? "{}" : "}";
}

void write(std::string& out, const json::value& value) {
    switch (value.kind()) {
    case json::kind::object: return write_object(out, value.get_object());
    case json::kind::array: return write_array(out, value.get_array());
    case json::kind::string: return write_string(out, value.get_string());
    case json::kind::double_:
        // JSON has no infinity (RFC 8259 §6).
        out += std::isfinite(value.get_double()) ? fmt::format("{}", value.get_double()) : "null";
        return;
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::bool_:
    case json::kind::null: out += json::serialize(value); return;
    }
}

} // namespace

std::string to_text(const json::value& value) {
    std::string out;
    write(out, value);
    return out;
}

} // namespace herald::control
