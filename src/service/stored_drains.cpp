#include "herald/service/stored_drains.hpp"

#include "herald/text/time.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace herald::service {

namespace {

namespace json = boost::json;

constexpr std::int64_t version = 1;

using failure = std::unexpected<std::string>;

json::object to_object(const drain& drain) {
    json::object object;
    object["since"] = text::to_rfc3339(drain.since);
    if (drain.until)
        object["until"] = text::to_rfc3339(*drain.until);
    object["immediate"] = drain.immediate;
    object["reason"] = drain.reason;
    object["by"] = drain.by;
    return object;
}

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
std::size_t keys_in(const json::object& root, const json::object& drains) {
    auto count = root.size() + drains.size();
    for (const auto& entry : drains)
        count += entry.value().as_object().size();
    return count;
}

std::expected<std::chrono::system_clock::time_point, std::string> time_of(const json::value& value,
                                                                          std::string_view key) {
    const auto* text = value.if_string();
    auto time = text ? text::from_rfc3339(*text) : std::nullopt;
    if (!time)
        return failure(fmt::format("\"{}\" is not a time in UTC (RFC 3339)", key));
    return *time;
}

/// Reads one field; the error says what is wrong with it.
std::expected<void, std::string> read(drain& drain, std::string_view key,
                                      const json::value& value) {
    if (key == "since" || key == "until") {
        auto time = time_of(value, key);
        if (!time)
            return failure(time.error());
        if (key == "since")
            drain.since = *time;
        else
            drain.until = *time;
    } else if (key == "immediate") {
        if (!value.is_bool())
            return failure("\"immediate\" is neither true nor false");
        drain.immediate = value.as_bool();
    } else if (key == "reason" || key == "by") {
        if (!value.is_string())
            return failure(fmt::format("\"{}\" is not a string", key));
        (key == "by" ? drain.by : drain.reason) = std::string(value.as_string());
    } else {
        return failure(fmt::format("unknown key \"{}\"", key));
    }
    return {};
}

std::expected<drain, std::string> drain_of(const json::value& value) {
    const auto* object = value.if_object();
    if (object == nullptr)
        return failure("not an object");
    service::drain drain;
    for (const auto& field : *object)
        if (auto known = read(drain, field.key(), field.value()); !known)
            return failure(known.error());
    for (const auto* key : {"since", "immediate", "reason"})
        if (!object->contains(key))
            return failure(fmt::format("\"{}\" is missing", key));
    return drain;
}

/// The object of the drains, if the outer shape is ours.
std::expected<const json::object*, std::string> drains_of(const json::value& root) {
    const auto* object = root.if_object();
    const auto* number = object != nullptr ? object->if_contains("version") : nullptr;
    if (number == nullptr)
        return failure("not a file of drains: it has no \"version\"");
    if (*number != version)
        return failure(fmt::format("version {} is not one this program knows ({})",
                                   json::serialize(*number), version));
    const auto* drains = object->if_contains("drains");
    if (drains == nullptr || !drains->is_object())
        return failure("\"drains\" is missing or not an object");
    if (object->size() != 2)
        return failure("unknown keys beside \"version\" and \"drains\"");
    return &drains->as_object();
}

} // namespace

std::string to_json(const stored_drains& drains) {
    json::object entries;
    for (const auto& [service, drain] : drains)
        entries[service] = to_object(drain);
    json::object root;
    root["version"] = version;
    root["drains"] = std::move(entries);
    return json::serialize(root) + '\n';
}

std::expected<stored_drains, std::string> from_json(std::string_view text) {
    if (text.empty())
        return failure("empty");
    boost::system::error_code error;
    auto root = json::parse(text, error);
    if (error == json::error::incomplete || (!error && text.back() != '\n'))
        return failure("cut short");
    if (error)
        return failure(fmt::format("not JSON: {}", error.message()));
    auto entries = drains_of(root);
    if (!entries)
        return failure(entries.error());

    stored_drains result;
    for (const auto& entry : **entries) {
        auto drain = drain_of(entry.value());
        if (!drain)
            return failure(
                fmt::format("service \"{}\": {}", std::string_view(entry.key()), drain.error()));
        result.emplace(entry.key(), std::move(*drain));
    }
    if (keys_in(text) != keys_in(root.as_object(), **entries))
        return failure("a key comes twice");
    return result;
}

} // namespace herald::service
