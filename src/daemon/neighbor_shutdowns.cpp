#include "herald/daemon/neighbor_shutdowns.hpp"

#include "herald/service/json_entries.hpp"
#include "herald/text/time.hpp"

#include <boost/json.hpp>
#include <utility>

namespace herald::daemon {

namespace {

namespace json = boost::json;

using failure = std::unexpected<std::string>;

std::expected<stored_shutdown, std::string> shutdown_of(const json::object& object) {
    stored_shutdown shutdown;
    for (const auto& field : object) {
        const std::string_view key = field.key();
        if (key == "since") {
            const auto time = service::time_of(field.value(), key);
            if (!time)
                return failure(time.error());
            shutdown.since = *time;
        } else if (key == "reason" || key == "by") {
            if (!field.value().is_string())
                return failure(fmt::format("\"{}\" is not a string", key));
            (key == "by" ? shutdown.by : shutdown.reason) = std::string(field.value().as_string());
        } else {
            return failure(fmt::format("unknown key \"{}\"", key));
        }
    }
    for (const auto* key : {"since", "reason", "by"})
        if (!object.contains(key))
            return failure(fmt::format("\"{}\" is missing", key));
    return shutdown;
}

} // namespace

std::string to_json(const stored_shutdowns& all) {
    service::json_entries entries;
    for (const auto& [neighbor, shutdown] : all)
        entries[neighbor] = json::object{{"since", text::to_rfc3339(shutdown.since)},
                                         {"reason", shutdown.reason},
                                         {"by", shutdown.by}};
    return service::to_json("shut_down", entries);
}

std::expected<stored_shutdowns, std::string> shutdowns_from_json(std::string_view text) {
    const auto entries = service::entries_from_json("shut_down", "neighbor", text);
    if (!entries)
        return failure(entries.error());
    stored_shutdowns result;
    for (const auto& [neighbor, entry] : *entries) {
        auto shutdown = shutdown_of(entry);
        if (!shutdown)
            return failure(fmt::format("neighbor \"{}\": {}", neighbor, shutdown.error()));
        result.emplace(neighbor, *std::move(shutdown));
    }
    return result;
}

neighbor_shutdowns::neighbor_shutdowns(boost::asio::any_io_executor executor,
                                       const std::filesystem::path& state,
                                       peering::speaker& speaker)
    : speaker_(speaker)
    , stored_(std::move(executor), state / "neighbors.json", {to_json, shutdowns_from_json}) {}

std::expected<void, std::string> neighbor_shutdowns::load() {
    if (auto loaded = stored_.load(); !loaded)
        return loaded;
    in_force_ = stored_.all();
    enforce();
    return {};
}

void neighbor_shutdowns::enforce() {
    for (const auto& [name, shutdown] : in_force_)
        if (auto* neighbor = speaker_.find(name); neighbor && !neighbor->administratively_down())
            neighbor->shut_down(shutdown.reason);
}

void neighbor_shutdowns::shut_down(const std::string& name, const stored_shutdown& shutdown,
                                   outcome tell) {
    if (auto* neighbor = speaker_.find(name))
        neighbor->shut_down(shutdown.reason);
    in_force_[name] = shutdown;
    stored_.apply([name, shutdown](stored_shutdowns& all) { all[name] = shutdown; },
                  std::move(tell));
}

void neighbor_shutdowns::enable(const std::string& name, outcome tell) {
    if (auto* neighbor = speaker_.find(name))
        neighbor->enable();
    in_force_.erase(name);
    stored_.apply([name](stored_shutdowns& all) { all.erase(name); }, std::move(tell));
}

} // namespace herald::daemon
