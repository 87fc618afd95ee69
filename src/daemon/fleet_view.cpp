#include "herald/daemon/fleet_view.hpp"

#include <fmt/format.h>
#include <utility>
#include <variant>

namespace herald::daemon {

namespace {

std::string keep_text(const fleet::guard_settings& settings) {
    if (const auto* count = std::get_if<unsigned>(&settings.keep))
        return std::to_string(*count);
    return fmt::format("{}%", std::get<fleet::percentage>(settings.keep).value);
}

control::permit_view view_of(const fleet::permit& permit) {
    return {permit.reason == fleet::permit_reason::drain ? "drain" : "health", permit.by,
            permit.note, permit.since};
}

control::fleet_node_view view_of(const std::string& node, const fleet::roster& all,
                                 const fleet::record& said, bool reached) {
    control::fleet_node_view view;
    view.node = node;
    view.site = said.site;
    view.health = said.health;
    view.heard = net::to_string(said.heard);
    view.neighbors = said.neighbors;
    view.since = said.since;
    if (said.permit)
        view.permit = view_of(*said.permit);
    view.cause = said.cause;
    view.reason = said.reason;
    view.waits = all.queue.contains(node);
    view.stale = !reached || !all.present.contains(node);
    return view;
}

} // namespace

std::string in_words(const fleet::refusal& refusal) {
    if (refusal.store_lost)
        return "etcd cannot be asked";
    auto text =
        fmt::format("{} announced elsewhere, {} must stay", refusal.announced, refusal.keep);
    for (const auto& [node, site, why] : refusal.those)
        text += fmt::format("; {} ({}): {}", node, site, why);
    for (const auto& node : refusal.before_us)
        text += fmt::format("; {} waits longer", node);
    return text;
}

std::optional<control::fleet_view> view_of(const fleet_keeper& keeper) {
    const auto* store = keeper.store();
    if (store == nullptr)
        return std::nullopt;
    control::fleet_view view;
    view.node = keeper.settings().node;
    view.site = keeper.settings().site;
    view.prefix = keeper.settings().prefix;
    view.reached = store->reached();
    view.present = store->present();
    if (!view.reached || !view.present)
        view.trouble = store->trouble();
    return view;
}

control::fleet_view full_view_of(const fleet_keeper& keeper) {
    auto view = view_of(keeper).value_or(control::fleet_view{});
    if (keeper.store() == nullptr)
        return view;
    const auto& shelf = keeper.store()->shelf();
    for (const auto& name : shelf.services()) {
        const auto all = shelf.of(name);
        control::fleet_service_view service{name, {}};
        for (const auto& [node, member] : all.members)
            service.nodes.push_back(view_of(node, all, member.said, view.reached));
        view.services.push_back(std::move(service));
    }
    return view;
}

std::optional<control::guard_view> guard_view_of(const managed_service& service,
                                                 const fleet_keeper& keeper) {
    const auto& settings = service.settings().guard;
    const auto* guard = keeper.guard_of(service.name());
    if (guard == nullptr || settings == fleet::guard_settings{})
        return std::nullopt;
    control::guard_view view;
    view.keep = keep_text(settings);
    view.keep_per = settings.keep_per == fleet::guard_settings::unit::site ? "site" : "node";
    view.on_store_loss =
        settings.on_store_loss == fleet::guard_settings::store_loss::hold ? "hold" : "withdraw";
    view.permitted = guard->permitted();
    if (guard->refused())
        view.refused = in_words(*guard->refused());
    return view;
}

} // namespace herald::daemon
