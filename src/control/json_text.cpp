#include "herald/control/json_text.hpp"

#include "herald/text/harmless.hpp"

#include <boost/json/serialize.hpp>
#include <cmath>
#include <fmt/format.h>

namespace herald::control {

namespace {

namespace json = boost::json;

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
        text::append_quoted(out, key);
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
    case json::kind::string: return text::append_quoted(out, value.get_string());
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

void append_text(std::string& out, const json::value& value) {
    write(out, value);
}

} // namespace herald::control
