#include "herald/service/stored_hold_down.hpp"

#include "herald/service/json_entries.hpp"
#include "herald/text/time.hpp"

#include <array>
#include <boost/json.hpp>
#include <fmt/format.h>

namespace herald::service {

namespace {

namespace json = boost::json;

constexpr std::array required_of_hold_down{"flaps", "until", "stable_since"};

std::expected<void, std::string> read_hold_down_field(stored_hold_down& hold, std::string_view key,
                                                      const json::value& value) {
    if (key == "until")
        return put(hold.until, time_of(value, key));
    if (key == "stable_since")
        return put(hold.stable_since, time_of(value, key));
    if (key != "flaps")
        return unknown(key);
    const auto flaps = json::try_value_to<unsigned>(value);
    if (!flaps)
        return std::unexpected("\"flaps\" is not a count");
    hold.flaps = *flaps;
    return {};
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
    return values_from_json<stored_hold_down>("hold_downs", "service", text, required_of_hold_down,
                                              read_hold_down_field);
}

} // namespace herald::service
