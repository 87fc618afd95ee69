#include "herald/service/json_entries.hpp"

#include "herald/text/time.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace herald::service {

namespace {

namespace json = boost::json;

constexpr std::int64_t version = 1;

using failure = std::unexpected<std::string>;

/// Of a key that comes twice the parser keeps one, so they are counted: in valid JSON each colon
/// outside of a string belongs to a key.
std::size_t keys_in(std::string_view text) {
    std::size_t count = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (in_string && text[i] == '\\')
            ++i;
        else if (text[i] == '"')
            in_string = !in_string;
        else if (text[i] == ':' && !in_string)
            ++count;
    }
    return count;
}

/// `root` with the shape that was checked: an object of objects of plain values.
std::size_t keys_in(const json::object& root, const json::object& entries) {
    auto count = root.size() + entries.size();
    for (const auto& entry : entries)
        count += entry.value().as_object().size();
    return count;
}

/// The object of the entries, if the outer shape is ours.
std::expected<const json::object*, std::string> entries_in(const json::value& root,
                                                           std::string_view what) {
    const auto* object = root.if_object();
    const auto* number = object != nullptr ? object->if_contains("version") : nullptr;
    if (number == nullptr)
        return failure(fmt::format("not a file of {}: it has no \"version\"", what));
    if (*number != version)
        return failure(fmt::format("version {} is not one this program knows ({})",
                                   json::serialize(*number), version));
    const auto* entries = object->if_contains(what);
    if (entries == nullptr || !entries->is_object())
        return failure(fmt::format("\"{}\" is missing or not an object", what));
    if (object->size() != 2)
        return failure(fmt::format("unknown keys beside \"version\" and \"{}\"", what));
    return &entries->as_object();
}

} // namespace

std::string to_json(std::string_view what, const json_entries& entries) {
    json::object named;
    for (const auto& [name, entry] : entries)
        named[name] = entry;
    json::object root;
    root["version"] = version;
    root[what] = std::move(named);
    return json::serialize(root) + '\n';
}

std::expected<json_entries, std::string>
entries_from_json(std::string_view what, std::string_view named, std::string_view text) {
    if (text.empty())
        return failure("empty");
    boost::system::error_code error;
    const auto root = json::parse(text, error);
    if (error == json::error::incomplete || (!error && text.back() != '\n'))
        return failure("cut short");
    if (error)
        return failure(fmt::format("not JSON: {}", error.message()));
    const auto entries = entries_in(root, what);
    if (!entries)
        return failure(entries.error());
    json_entries result;
    for (const auto& entry : **entries) {
        const auto* object = entry.value().if_object();
        if (object == nullptr)
            return failure(
                fmt::format("{} \"{}\": not an object", named, std::string_view(entry.key())));
        result.emplace(entry.key(), *object);
    }
    if (keys_in(text) != keys_in(root.as_object(), **entries))
        return failure("a key comes twice");
    return result;
}

std::expected<std::chrono::system_clock::time_point, std::string> time_of(const json::value& value,
                                                                          std::string_view key) {
    const auto* text = value.if_string();
    auto time = text ? text::from_rfc3339(*text) : std::nullopt;
    if (!time)
        return failure(fmt::format("\"{}\" is not a time in UTC (RFC 3339)", key));
    return *time;
}

std::expected<std::string, std::string> string_of(const json::value& value, std::string_view key) {
    if (!value.is_string())
        return failure(fmt::format("\"{}\" is not a string", key));
    return std::string(value.as_string());
}

std::unexpected<std::string> unknown(std::string_view key) {
    return failure(fmt::format("unknown key \"{}\"", key));
}

std::string missing_in(const json::object& entry, std::span<const char* const> required) {
    for (const auto* key : required)
        if (!entry.contains(key))
            return fmt::format("\"{}\" is missing", key);
    return {};
}

} // namespace herald::service
