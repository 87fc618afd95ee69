#include "herald/config/document.hpp"

#include "herald/config/dotted_keys.hpp"
#include "herald/wire/utf8.hpp"

#include <algorithm>
#include <fmt/format.h>

// The one place that knows toml++: compiling it is slow.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
// No table of herald.toml is deeper than five; what is deeper would only use up the stack.
#define TOML_MAX_NESTED_VALUES 32
#include <toml++/toml.h>

namespace herald::config {
namespace {

place place_of(const toml::source_region& source) {
    return {std::max<std::size_t>(source.begin.line, 1),
            std::max<std::size_t>(source.begin.column, 1)};
}

table convert(const toml::table& from);
array convert(const toml::array& from);

node convert(const toml::node& from) {
    node to;
    to.where = place_of(from.source());
    if (const auto* entries = from.as_table())
        to.value = convert(*entries);
    else if (const auto* elements = from.as_array())
        to.value = convert(*elements);
    else if (const auto* text = from.as_string())
        to.value = text->get();
    else if (const auto* number = from.as_integer())
        to.value = number->get();
    else if (const auto* flag = from.as_boolean())
        to.value = flag->get();
    else
        to.value = foreign_value{from.is_floating_point() ? "a float" : "a date or time"};
    return to;
}

table convert(const toml::table& from) {
    table to; // toml++ keeps them sorted
    to.reserve(from.size());
    for (const auto& [key, value] : from)
        to.push_back({std::string(key.str()), place_of(key.source()), convert(value)});
    return to;
}

array convert(const toml::array& from) {
    array to;
    to.reserve(from.size());
    for (const auto& element : from)
        to.push_back(convert(element));
    return to;
}

/// toml++ begins with "Error while parsing …", "Encountered invalid utf-8 …" or the like, and may
/// quote the file at any length.
std::string syntax_error(std::string_view description) {
    constexpr std::size_t bearable = 200;
    const auto text = wire::harmless_utf8(wire::cut_utf8(description, bearable));
    constexpr std::string_view usual = "Error while parsing ";
    if (text.starts_with(usual))
        return "not TOML: in " + text.substr(usual.size());
    return "not TOML: " + text;
}

} // namespace

std::string_view type_name(const node& value) {
    struct namer {
        std::string_view operator()(const std::string&) const { return "a string"; }
        std::string_view operator()(std::int64_t) const { return "an integer"; }
        std::string_view operator()(bool) const { return "a boolean"; }
        std::string_view operator()(const foreign_value& foreign) const { return foreign.type; }
        std::string_view operator()(const array&) const { return "an array"; }
        std::string_view operator()(const table&) const { return "a table"; }
    };
    return std::visit(namer{}, value.value);
}

const member* find(const table& entries, std::string_view key) {
    const auto found = std::ranges::lower_bound(entries, key, {}, &member::key);
    return found != entries.end() && found->key == key ? &*found : nullptr;
}

std::optional<table> read_document(std::string_view text, problem_list& problems) {
    if (text.size() > largest_document) {
        problems.error({}, fmt::format("larger than 1 MiB: it has {} octets", text.size()));
        return std::nullopt;
    }
    if (const auto where = find_deep_key(text)) {
        problems.error(*where, "a key of so many parts has no place in herald.toml");
        return std::nullopt;
    }
    const auto result = toml::parse(text, std::string_view());
    if (result)
        return convert(result.table());
    problems.error(place_of(result.error().source()), syntax_error(result.error().description()));
    return std::nullopt;
}

} // namespace herald::config
