#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <expected>
#include <fmt/format.h>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace herald::service {

/// What the files of the state directory have in common: one JSON object with its `version` and,
/// under the name `what`, objects by name.
using json_entries = std::map<std::string, boost::json::object>;

std::string to_json(std::string_view what, const json_entries& entries);

/// Reads what to_json() writes, and nothing else. The error says what is wrong: cut short, not
/// ours, of another version, a key that comes twice. `named`: whose names they are, "service".
std::expected<json_entries, std::string>
entries_from_json(std::string_view what, std::string_view named, std::string_view text);

/// A time in RFC 3339, in UTC. The error names the key.
std::expected<std::chrono::system_clock::time_point, std::string>
time_of(const boost::json::value& value, std::string_view key);
/// A string. The error names the key.
std::expected<std::string, std::string> string_of(const boost::json::value& value,
                                                  std::string_view key);
std::unexpected<std::string> unknown(std::string_view key);

/// What was read, in its place.
template <typename Into, typename Read>
std::expected<void, std::string> put(Into& into, std::expected<Read, std::string> read) {
    if (!read)
        return std::unexpected(std::move(read.error()));
    into = *std::move(read);
    return {};
}

/// That one of `required` is missing, for people; empty: none is.
std::string missing_in(const boost::json::object& entry, std::span<const char* const> required);

/// The entries as values. `read_field(value, key, json)` puts one field in its place, or returns
/// what is wrong with it. The error names the entry.
template <typename Value, typename Field>
std::expected<std::map<std::string, Value>, std::string>
values_from_json(std::string_view what, std::string_view named, std::string_view text,
                 std::span<const char* const> required, Field read_field) {
    const auto entries = entries_from_json(what, named, text);
    if (!entries)
        return std::unexpected(entries.error());
    std::map<std::string, Value> result;
    for (const auto& [name, entry] : *entries) {
        const auto wrong = [&](std::string_view why) {
            return std::unexpected(fmt::format("{} \"{}\": {}", named, name, why));
        };
        auto& value = result[name];
        for (const auto& field : entry)
            if (const auto read = read_field(value, field.key(), field.value()); !read)
                return wrong(read.error());
        if (const auto missing = missing_in(entry, required); !missing.empty())
            return wrong(missing);
    }
    return result;
}

} // namespace herald::service
