#include "herald/control/answers.hpp"

#include "herald/control/views.hpp"

#include <boost/json/value_from.hpp>

namespace herald::control {

namespace json = boost::json;

json::object to_json(const explain_view& explained) {
    json::array neighbors;
    for (const auto& each : explained.neighbors)
        neighbors.push_back(json::object{
            {"neighbor", each.neighbor},
            {"state", each.state},
            {"hears", each.hears},
            {"settled", each.settled},
            {"why", each.why},
            {"reason", each.reason},
            {"route", each.route ? json::value(to_json(*each.route)) : json::value(nullptr)},
        });
    return {
        {"prefix", explained.prefix},
        {"service", to_json(explained.service)},
        {"neighbors", std::move(neighbors)},
    };
}

json::object to_json(const restart_view& restart) {
    json::array neighbors;
    for (const auto& each : restart.neighbors)
        neighbors.push_back(json::object{
            {"name", each.neighbor},
            {"kept", each.kept},
            {"reason", each.reason ? json::value(*each.reason) : json::value(nullptr)},
        });
    return {{"restarting", true}, {"neighbors", std::move(neighbors)}};
}

json::object to_json(const reload_view& reloaded) {
    json::array changes;
    for (const auto& each : reloaded.changes)
        changes.push_back(json::object{
            {"section", each.section},
            {"name", each.name},
            {"change", each.change},
            {"keys", json::value_from(each.keys)},
            {"resets_session", each.resets_session},
            {"needs_restart", each.needs_restart},
        });
    return {
        {"dry_run", reloaded.dry_run},
        {"changes", std::move(changes)},
        {"warnings", json::value_from(reloaded.warnings)},
    };
}

} // namespace herald::control
