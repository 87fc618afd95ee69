#include "herald/service/stored_drains.hpp"

#include "herald/service/json_entries.hpp"
#include "herald/text/time.hpp"

#include <array>
#include <boost/json.hpp>
#include <fmt/format.h>

namespace herald::service {

namespace {

namespace json = boost::json;

constexpr std::array required_of_drain{"since", "immediate", "reason"};

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

std::expected<void, std::string> read_drain_field(drain& drain, std::string_view key,
                                                  const json::value& value) {
    if (key == "since")
        return put(drain.since, time_of(value, key));
    if (key == "until")
        return put(drain.until, time_of(value, key));
    if (key == "reason")
        return put(drain.reason, string_of(value, key));
    if (key == "by")
        return put(drain.by, string_of(value, key));
    if (key != "immediate")
        return unknown(key);
    if (!value.is_bool())
        return std::unexpected("\"immediate\" is neither true nor false");
    drain.immediate = value.as_bool();
    return {};
}

} // namespace

std::string to_json(const stored_drains& drains) {
    json_entries entries;
    for (const auto& [service, drain] : drains)
        entries[service] = to_object(drain);
    return to_json("drains", entries);
}

std::expected<stored_drains, std::string> from_json(std::string_view text) {
    return values_from_json<drain>("drains", "service", text, required_of_drain, read_drain_field);
}

} // namespace herald::service
