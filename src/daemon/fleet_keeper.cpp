#include "herald/daemon/fleet_keeper.hpp"

#include "herald/daemon/announcer.hpp"
#include "herald/daemon/fleet_claim.hpp"
#include "herald/daemon/fleet_view.hpp"
#include "herald/daemon/log.hpp"
#include "herald/service/state_file.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <random>
#include <utility>

namespace herald::daemon {

using clock = std::chrono::steady_clock;

namespace {

/// Until what a session that came up is to hear has been sent.
constexpr std::chrono::milliseconds recount_after{50};

std::string draw_instance() {
    std::random_device chance;
    return fmt::format("{:08x}{:08x}", chance(), chance());
}

} // namespace

fleet_keeper::fleet_keeper(boost::asio::any_io_executor executor, std::filesystem::path state,
                           managed_services& services, const peering::speaker& speaker)
    : executor_(executor)
    , state_(std::move(state))
    , services_(services)
    , speaker_(speaker)
    , alarm_(executor)
    , recount_(executor) {}

fleet_keeper::~fleet_keeper() {
    end_store(store_end::abrupt);
}

/// Over restarts it tells this daemon from another one on this name.
std::expected<void, std::string> fleet_keeper::prepare(const config::configuration& settings) {
    if (settings.fleet.etcd.endpoints.empty() || !instance_.empty())
        return {};
    const auto file = state_ / "fleet_instance";
    if (auto known = service::read_file(file); known && !known->empty()) {
        instance_ = *std::move(known);
        return {};
    }
    instance_ = draw_instance();
    if (const auto stored = service::replace_file(file, instance_); stored.error)
        return std::unexpected(fmt::format("{}: {}", file.string(), stored.error.message()));
    return {};
}

void fleet_keeper::apply(const config::configuration& settings) {
    if (settings.fleet != settings_)
        end_store(settings.fleet.node == settings_.node ? store_end::for_another
                                                        : store_end::for_good);
    settings_ = settings.fleet;
    change_guards();
    if (!settings_.etcd.endpoints.empty() && !store_) {
        fleet::store_observer& self = *this;
        store_ = std::make_shared<fleet::store>(executor_, settings_, instance_, self);
        store_->begin();
    }
    look_at_all();
    for (const auto& each : std::vector(claims_)) // whose guards may be new
        if (const auto claim = each.lock())
            claim->go_on();
}

/// A guard for each service that there is.
void fleet_keeper::change_guards() {
    const bool in_fleet = !settings_.etcd.endpoints.empty();
    std::erase_if(guarded_, [&](const auto& each) {
        const bool gone = !in_fleet || services_.find(each.first) == nullptr;
        if (gone && store_)
            store_->forget(each.first);
        return gone;
    });
    for (const auto& service : services_.all()) {
        if (!in_fleet) {
            service->set_permitted(true, "");
            continue;
        }
        const auto& guard = service->settings().guard;
        const auto known = guarded_.find(service->name());
        if (known != guarded_.end()) {
            perform(service->name(), known->second.guard.change(guard, clock::now()));
            continue;
        }
        const fleet::identity self{settings_.node, settings_.site, settings_.ttl};
        guarded_.emplace(service->name(), guarded{fleet::guard(guard, self), {}, {}, {}});
    }
}

/// What the guards know is of the store that ends.
void fleet_keeper::end_store(store_end how) {
    if (!store_)
        return;
    guarded_.clear();
    store_->stop(how == store_end::for_good, [] {});
    store_.reset();
}

void fleet_keeper::stop(const std::string& why, bool for_good) {
    stopped_ = true;
    alarm_.cancel();
    recount_.cancel();
    if (!store_)
        return;
    for (auto& [name, one] : guarded_) {
        if (!one.said)
            continue;
        auto last = *one.said;
        last.heard = net::announcement::none;
        last.neighbors = 0;
        last.reason = "stopped";
        last.cause = why;
        perform(name, one.guard.handle(fleet::event::own_state{last}, clock::now()));
    }
    store_->stop(for_good, [] {});
}

void fleet_keeper::seen() {
    for (const auto& name : names())
        handle(name, fleet::event::seen{store_->shelf().of(name)});
    settle();
}

void fleet_keeper::lost(const std::string& why) {
    log(log_level::warning, "fleet", fmt::format("the fleet's store is lost: {}", why));
    for (const auto& name : names())
        handle(name, fleet::event::lost{});
    settle();
}

void fleet_keeper::answered(const std::string& service, const fleet::guard_event& how) {
    if (!guarded_.contains(service))
        return;
    handle(service, how);
    settle();
}

void fleet_keeper::handle(const std::string& service, const fleet::guard_event& event) {
    perform(service, guarded_.find(service)->second.guard.handle(event, clock::now()));
}

/// Does what a guard asks for, and passes on what it says by now.
void fleet_keeper::perform(const std::string& service,
                           const std::vector<fleet::guard_action>& actions) {
    if (store_)
        for (const auto& action : actions)
            store_->perform(service, action);
    if (!stopped_)
        pass_on(service);
}

/// What follows from all guards together, once each has had its say.
void fleet_keeper::settle() {
    if (store_ && !guarded_.empty())
        store_->set_truthful(std::ranges::all_of(
            guarded_, [](const auto& each) { return each.second.guard.truthful(); }));
    await_deadline();
}

void fleet_keeper::pass_on(const std::string& name) {
    const auto found = guarded_.find(name);
    auto* service = services_.find(name);
    if (found == guarded_.end() || service == nullptr)
        return;
    const auto& guard = found->second.guard;
    service->set_permitted(guard.permitted(),
                           guard.refused() ? in_words(*guard.refused()) : "no permit yet");
    std::erase_if(claims_, [](const auto& each) { return each.expired(); });
    for (const auto& each : std::vector(claims_))
        if (const auto claim = each.lock())
            claim->look_at(name);
}

/// The earliest of the guards' deadlines.
void fleet_keeper::await_deadline() {
    std::optional<clock::time_point> next;
    for (const auto& [name, one] : guarded_)
        if (const auto deadline = one.guard.deadline())
            next = std::min(next.value_or(*deadline), *deadline);
    if (!next)
        return static_cast<void>(alarm_.cancel());
    alarm_.expires_at(*next);
    alarm_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code error) {
        if (!alive.expired() && !error)
            deadline_has_come();
    });
}

void fleet_keeper::deadline_has_come() {
    const auto now = clock::now();
    for (const auto& name : names()) {
        auto& guard = guarded_.find(name)->second.guard;
        if (guard.deadline() && *guard.deadline() <= now)
            perform(name, guard.expired(now));
    }
    settle();
}

std::vector<std::string> fleet_keeper::names() const {
    std::vector<std::string> all;
    all.reserve(guarded_.size());
    for (const auto& [name, one] : guarded_)
        all.push_back(name);
    return all;
}

void fleet_keeper::look_at_all() {
    for (const auto& name : names())
        take_in(name);
    settle();
}

void fleet_keeper::look_at(const std::string& name) {
    if (take_in(name))
        settle();
}

/// What is true of it comes first: a need that is over gives the permit back.
bool fleet_keeper::take_in(const std::string& name) {
    const auto found = guarded_.find(name);
    auto* service = services_.find(name);
    if (stopped_ || found == guarded_.end() || service == nullptr)
        return false;
    auto& one = found->second;
    bool is_new = false;
    if (auto said = record_of(*service, one); said != one.said) {
        one.said = std::move(said);
        handle(name, fleet::event::own_state{*one.said});
        is_new = true;
    }
    if (const auto need = need_of(*service, one); need != one.needed) {
        one.needed = need;
        handle(name, fleet::event::needed{need});
        is_new = true;
    }
    return is_new;
}

fleet::need fleet_keeper::need_of(const managed_service& service, guarded& one) const {
    using enum fleet::need::of_health;
    if (service.administration() != service::administration::active)
        one.drain.reset(); // it is in force
    fleet::need need{none, one.drain};
    if (service.heard() == net::announcement::none || service.settings().service.deprefer_when_down)
        return need;
    if (service.health() == service::health_state::down)
        need.health = verdict;
    else if (service.is_failing())
        need.health = early;
    return need;
}

/// Its texts are as they were when it came to be so.
fleet::record fleet_keeper::record_of(const managed_service& service, const guarded& one) const {
    fleet::record now;
    now.site = settings_.site;
    now.health = service::to_string(service.health());
    now.heard = service.heard();
    now.neighbors = neighbors_of(service);
    now.since = service.since();
    const auto same = [&](const fleet::record& said) {
        return said.health == now.health && said.heard == now.heard && said.since == now.since;
    };
    if (one.said && same(*one.said)) {
        now.reason = one.said->reason;
        now.cause = one.said->cause;
        return now;
    }
    auto cause = service.own_cause();
    now.reason = std::move(cause.reason);
    now.cause = std::move(cause.text);
    return now;
}

unsigned fleet_keeper::neighbors_of(const managed_service& service) const {
    const auto& settings = service.settings().service;
    return static_cast<unsigned>(
        std::ranges::count_if(speaker_.neighbors(), [&](const auto& neighbor) {
            return neighbor->established() && hears(neighbor->settings(), settings) &&
                   std::ranges::any_of(settings.prefixes, [&](const auto& prefix) {
                       return neighbor->rib().advertised(prefix) != nullptr;
                   });
        }));
}

void fleet_keeper::sessions_changed() {
    if (stopped_ || guarded_.empty())
        return;
    recount_.expires_after(recount_after);
    recount_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code error) {
        if (!alive.expired() && !error)
            look_at_all();
    });
}

bool fleet_keeper::guards(const std::vector<std::string>& services) const {
    return std::ranges::any_of(services, [&](const auto& name) {
        const auto* service = services_.find(name);
        return guarded_.contains(name) && service != nullptr &&
               service->administration() == service::administration::active;
    });
}

std::shared_ptr<fleet_claim> fleet_keeper::ask(std::vector<std::string> services,
                                               fleet::need::drain what, fleet_claim::outcome tell) {
    std::erase_if(services, [&](const auto& name) { return !guards({name}); });
    claim_office& self = *this;
    auto made = std::make_shared<fleet_claim>(self, std::weak_ptr(alive_), std::move(services),
                                              std::move(what), std::move(tell));
    claims_.push_back(made);
    return made;
}

void fleet_keeper::want(const std::string& service, std::optional<fleet::need::drain> drain) {
    if (const auto found = guarded_.find(service); found != guarded_.end()) {
        found->second.drain = std::move(drain);
        look_at(service);
    }
}

const fleet::guard* fleet_keeper::guard_of(const std::string& service) const {
    const auto found = guarded_.find(service);
    return found == guarded_.end() ? nullptr : &found->second.guard;
}

} // namespace herald::daemon
