#include "herald/service/stored_drains.hpp"

#include "herald/service/json_entries.hpp"
#include "herald/text/time.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace herald::service {

namespace {

namespace json = boost::json;

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

/// Reads one field; the error says what is wrong with it.
std::expected<void, std::string> read_field(drain& drain, std::string_view key,
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

std::expected<drain, std::string> drain_of(const json::object& object) {
    service::drain drain;
    for (const auto& field : object)
        if (auto valid = read_field(drain, field.key(), field.value()); !valid)
            return failure(valid.error());
    for (const auto* key : {"since", "immediate", "reason"})
        if (!object.contains(key))
            return failure(fmt::format("\"{}\" is missing", key));
    return drain;
}

} // namespace

std::string to_json(const stored_drains& drains) {
    json_entries entries;
    for (const auto& [service, drain] : drains)
        entries[service] = to_object(drain);
    return to_json("drains", entries);
}

std::expected<stored_drains, std::string> from_json(std::string_view text) {
    const auto entries = entries_from_json("drains", "service", text);
    if (!entries)
        return failure(entries.error());
    stored_drains result;
    for (const auto& [service, entry] : *entries) {
        auto drain = drain_of(entry);
        if (!drain)
            return failure(fmt::format("service \"{}\": {}", service, drain.error()));
        result.emplace(service, std::move(*drain));
    }
    return result;
}

} // namespace herald::service
