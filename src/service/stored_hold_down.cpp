#include "herald/service/stored_hold_down.hpp"

#include "herald/service/json_entries.hpp"
#include "herald/text/time.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace herald::service {

namespace {

namespace json = boost::json;

using failure = std::unexpected<std::string>;

std::expected<stored_hold_down, std::string> hold_down_of(const json::object& object) {
    stored_hold_down hold;
    for (const auto& field : object) {
        const std::string_view key = field.key();
        if (key == "flaps") {
            const auto flaps = json::try_value_to<unsigned>(field.value());
            if (!flaps)
                return failure("\"flaps\" is not a count");
            hold.flaps = *flaps;
        } else if (key == "until" || key == "stable_since") {
            const auto time = time_of(field.value(), key);
            if (!time)
                return failure(time.error());
            (key == "until" ? hold.until : hold.stable_since) = *time;
        } else {
            return failure(fmt::format("unknown key \"{}\"", key));
        }
    }
    for (const auto* key : {"flaps", "until", "stable_since"})
        if (!object.contains(key))
            return failure(fmt::format("\"{}\" is missing", key));
    return hold;
}

} // namespace

std::string to_json(const stored_hold_downs& all) {
    json_entries entries;
    for (const auto& [service, hold] : all)
        entries[service] = json::object{{"flaps", hold.flaps},
                                        {"until", text::to_rfc3339(hold.until)},
                                        {"stable_since", text::to_rfc3339(hold.stable_since)}};
    return to_json("hold_downs", entries);
}

std::expected<stored_hold_downs, std::string> hold_downs_from_json(std::string_view text) {
    const auto entries = entries_from_json("hold_downs", "service", text);
    if (!entries)
        return failure(entries.error());
    stored_hold_downs result;
    for (const auto& [service, entry] : *entries) {
        const auto hold = hold_down_of(entry);
        if (!hold)
            return failure(fmt::format("service \"{}\": {}", service, hold.error()));
        result.emplace(service, *hold);
    }
    return result;
}

} // namespace herald::service
