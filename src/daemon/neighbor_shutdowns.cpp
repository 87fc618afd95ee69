#include "herald/daemon/neighbor_shutdowns.hpp"

#include "herald/service/json_entries.hpp"
#include "herald/text/time.hpp"

#include <array>
#include <boost/json.hpp>
#include <utility>

namespace herald::daemon {

namespace {

namespace json = boost::json;

constexpr std::array required_of_shutdown{"since", "reason", "by"};

std::expected<void, std::string>
read_shutdown_field(stored_shutdown& shutdown, std::string_view key, const json::value& value) {
    if (key == "since")
        return service::put(shutdown.since, service::time_of(value, key));
    if (key == "reason")
        return service::put(shutdown.reason, service::string_of(value, key));
    if (key == "by")
        return service::put(shutdown.by, service::string_of(value, key));
    return service::unknown(key);
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
    return service::values_from_json<stored_shutdown>("shut_down", "neighbor", text,
                                                      required_of_shutdown, read_shutdown_field);
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
            speaker_.shut_down(*neighbor, shutdown.reason);
}

void neighbor_shutdowns::shut_down(const std::string& name, const stored_shutdown& shutdown,
                                   outcome tell) {
    if (auto* neighbor = speaker_.find(name))
        speaker_.shut_down(*neighbor, shutdown.reason);
    in_force_[name] = shutdown;
    stored_.apply([name, shutdown](stored_shutdowns& all) { all[name] = shutdown; },
                  std::move(tell));
}

void neighbor_shutdowns::enable(const std::string& name, outcome tell) {
    if (auto* neighbor = speaker_.find(name))
        speaker_.enable(*neighbor);
    in_force_.erase(name);
    stored_.apply([name](stored_shutdowns& all) { all.erase(name); }, std::move(tell));
}

} // namespace herald::daemon
