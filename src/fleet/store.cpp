#include "herald/fleet/store.hpp"

#include "herald/fleet/record_json.hpp"
#include "herald/http/await.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/host_name.hpp>
#include <exception>
#include <fmt/format.h>
#include <random>
#include <utility>
#include <variant>

// A co_await has a statement of its own, and what it is given has a name: GCC 12 miscompiles
// others.

namespace herald::fleet {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

/// Beats in the lease's time to live, and how much sooner one is tried again that failed.
constexpr int beats = 3;
constexpr int retries = 5;
constexpr milliseconds first_back_off{200};
constexpr milliseconds longest_back_off{5000};

etcd_settings with_timeout(etcd_settings etcd, milliseconds ttl) {
    etcd.timeout = std::min(etcd.timeout, ttl / beats);
    return etcd;
}

} // namespace

store::store(asio::any_io_executor executor, fleet_settings settings, std::string instance,
             store_observer& observer)
    : executor_(executor)
    , settings_(std::move(settings))
    , instance_(std::move(instance))
    , observer_(observer)
    , client_(executor, with_timeout(settings_.etcd, settings_.ttl))
    , shelf_(settings_.prefix)
    , beat_timer_(executor)
    , follow_timer_(executor) {}

void store::begin() {
    spawn(run());
}

void store::stop(bool for_good, std::function<void()> done) {
    stopped_ = true;
    beat_timer_.cancel();
    follow_timer_.cancel();
    if (!for_good || lease_ == 0)
        return done();
    asio::co_spawn(executor_, client_.revoke(lease_),
                   [self = shared_from_this(), done = std::move(done)](const auto&...) { done(); });
}

/// What runs keeps us alive.
void store::spawn(asio::awaitable<void> what) {
    asio::co_spawn(executor_, std::move(what),
                   [self = shared_from_this()](const std::exception_ptr& failed) {
                       if (failed)
                           std::rethrow_exception(failed);
                   });
}

asio::awaitable<void> store::pause(asio::steady_timer& timer, milliseconds how_long) {
    if (stopped_)
        co_return;
    timer.expires_after(how_long);
    co_await timer.async_wait(http::as_result); // or it is cancelled: there is something to do
}

/// Many nodes see etcd come back at once: each has its own moment.
milliseconds store::next_back_off() {
    static std::minstd_rand chance(std::random_device{}());
    back_off_ = std::clamp(back_off_ * 2, first_back_off, longest_back_off);
    return milliseconds(std::uniform_int_distribution<milliseconds::rep>(
        back_off_.count() / 2, back_off_.count())(chance));
}

void store::lose(const std::string& why) {
    trouble_ = why;
    present_ = false;
    if (std::exchange(reached_, false) || back_off_ == milliseconds(0))
        observer_.lost(why);
}

asio::awaitable<void> store::run() {
    while (!stopped_) {
        auto wrong = co_await read_all();
        if (stopped_)
            co_return;
        if (wrong.empty()) {
            back_off_ = milliseconds(0);
            alive_at_ = clock::now();
            spawn(follow(++life_));
            co_await beat();
            wrong = namesake().empty() ? trouble_ : namesake();
        }
        if (stopped_)
            co_return;
        ++life_;
        lose(wrong);
        co_await pause(beat_timer_, next_back_off());
    }
}

asio::awaitable<std::string> store::read_all() {
    auto prefix = shelf_.names().all();
    const auto all = co_await client_.range(std::move(prefix));
    if (stopped_)
        co_return "";
    if (!all)
        co_return all.error();
    if (!shelf_.take(*all))
        co_return "etcd answers with what was long ago";
    if (auto other = namesake(); !other.empty())
        co_return other;
    reached_ = true;
    observer_.seen();
    co_return "";
}

/// Who else has our name; empty: nobody.
std::string store::namesake() const {
    const auto found = shelf_.present().find(settings_.node);
    if (found == shelf_.present().end() || found->second.instance == instance_)
        return {};
    return fmt::format("another herald calls itself {}, on the host {}", settings_.node,
                       found->second.host);
}

/// Follows what is written, with a fresh read after each break, until another life began. Whether
/// etcd is lost is for beat() to say; but a namesake ends it.
asio::awaitable<void> store::follow(std::uint64_t life) {
    while (is_alive(life)) {
        auto wrong = co_await follow_once(life);
        if (!is_alive(life))
            break;
        trouble_ = std::move(wrong);
        co_await pause(follow_timer_, first_back_off);
        if (!is_alive(life))
            break;
        auto unread = co_await read_all();
        if (!unread.empty())
            trouble_ = std::move(unread);
    }
    if (!namesake().empty())
        beat_timer_.cancel();
}

bool store::is_alive(std::uint64_t life) const {
    return !stopped_ && life == life_ && namesake().empty();
}

/// Our own beats are among what is told: silence for a time to live means that the watch is dead.
asio::awaitable<std::string> store::follow_once(std::uint64_t life) {
    auto prefix = shelf_.names().all();
    auto watch = co_await client_.watch(std::move(prefix), shelf_.at() + 1);
    if (!watch)
        co_return watch.error();
    while (true) {
        const auto told = co_await watch->next(settings_.ttl);
        if (!is_alive(life))
            co_return "";
        if (!told)
            co_return told.error().why;
        shelf_.follow(*told);
        if (!is_alive(life))
            co_return "";
        observer_.seen();
    }
}

/// Until the lease has surely expired. What is kept alive by others is no sign of ours.
asio::awaitable<void> store::beat() {
    while (!stopped_) {
        auto wrong = co_await beat_once();
        if (!wrong.empty())
            trouble_ = wrong;
        if (clock::now() - alive_at_ >= settings_.ttl || !namesake().empty())
            co_return;
        co_await pause(beat_timer_, settings_.ttl / beats / (wrong.empty() ? 1 : retries));
    }
}

asio::awaitable<std::string> store::beat_once() {
    auto wrong = co_await hold_lease();
    if (wrong.empty() && !stopped_ && truthful_)
        wrong = co_await appear();
    for (const auto& service : queued_)
        if (!shelf_.of(service).queue.contains(settings_.node))
            spawn(change_queue(service)); // a place goes with its lease
    co_return wrong;
}

asio::awaitable<std::string> store::hold_lease() {
    const auto asked_at = clock::now();
    if (lease_ != 0) {
        const auto kept = co_await client_.keep_alive(lease_);
        if (!kept)
            co_return kept.error();
        if (!*kept)
            lease_ = 0;
    }
    if (lease_ == 0 && !stopped_) {
        present_ = false;
        const auto granted =
            co_await client_.grant(std::chrono::ceil<std::chrono::seconds>(settings_.ttl));
        if (!granted)
            co_return granted.error();
        lease_ = *granted;
    }
    alive_at_ = asked_at;
    co_return "";
}

etcd_transaction store::appearance() const {
    const auto key = shelf_.names().present(settings_.node);
    const auto before = shelf_.present().find(settings_.node);
    presence self;
    self.instance = instance_;
    self.host = asio::ip::host_name();
    etcd_transaction made;
    made.conditions.emplace_back(
        etcd_if::created_at{key, before == shelf_.present().end() ? 0 : before->second.appeared});
    made.changes.emplace_back(etcd_put{key, to_json(self), lease_});
    return made;
}

/// Writes our presence, or takes over that of the program before this one.
asio::awaitable<std::string> store::appear() {
    auto what = appearance();
    const auto written = co_await client_.commit(std::move(what));
    if (!written)
        co_return written.error();
    present_ = written->succeeded; // else the watch is about to tell why
    co_return "";
}

void store::set_truthful(bool truthful) {
    if (truthful && !std::exchange(truthful_, true))
        beat_timer_.cancel();
    truthful_ = truthful;
}

void store::perform(const std::string& service, const guard_action& action) {
    if (const auto* wanted = std::get_if<write>(&action))
        return spawn(commit(service, *wanted));
    if (std::holds_alternative<enqueue>(action))
        queued_.insert(service);
    else
        queued_.erase(service);
    spawn(change_queue(service));
}

etcd_transaction store::transaction_of(const std::string& service, const write& what) const {
    const auto& names = shelf_.names();
    const auto key = names.record(service, settings_.node);
    etcd_transaction made{{etcd_if::modified_at{key, what.own_written}},
                          {etcd_put{key, to_json(what.what), 0}},
                          shelf_.about(service)};
    if (what.nothing_since)
        made.conditions.emplace_back(
            etcd_if::none_newer{names.records_of(service), *what.nothing_since});
    for (const auto& [node, appeared] : what.present)
        made.conditions.emplace_back(etcd_if::created_at{names.present(node), appeared});
    return made;
}

asio::awaitable<void> store::commit(std::string service, write what) {
    const auto number = what.number;
    auto transaction = transaction_of(service, what);
    const auto done = co_await client_.commit(std::move(transaction));
    if (stopped_)
        co_return;
    if (done && done->succeeded)
        co_return tell(event::committed{number, done->at}, service);
    if (done)
        co_return tell(event::conflict{number, shelf_.of(service, *done)}, service);
    trouble_ = done.error();
    tell(event::unknown{number}, service);
    auto wrong = co_await read_all();
    if (!wrong.empty())
        trouble_ = std::move(wrong);
}

void store::tell(const guard_event& how, const std::string& service) {
    observer_.answered(service, how);
}

/// What was not done is done with a beat. Without a lease a place would outlive us.
asio::awaitable<void> store::change_queue(std::string service) {
    if (queued_.contains(service) && lease_ == 0)
        co_return;
    const auto key = shelf_.names().queued(service, settings_.node);
    etcd_transaction what;
    if (queued_.contains(service)) {
        what.conditions.emplace_back(etcd_if::created_at{key, 0});
        what.changes.emplace_back(etcd_put{key, "", lease_});
    } else {
        what.changes.emplace_back(etcd_erase{key});
    }
    const auto done = co_await client_.commit(std::move(what));
    if (!done)
        trouble_ = done.error();
}

void store::forget(const std::string& service) {
    spawn(erase(service));
}

asio::awaitable<void> store::erase(std::string service) {
    etcd_transaction what;
    what.changes.emplace_back(etcd_erase{shelf_.names().record(service, settings_.node)});
    const auto done = co_await client_.commit(std::move(what));
    if (!done)
        trouble_ = done.error();
}

void store::clear(const std::string& node, remainder what, outcome tell) {
    spawn(clear_now(node, what, std::move(tell)));
}

/// Null: the node is not known.
std::optional<etcd_transaction> store::clearing(const std::string& node, remainder what) const {
    etcd_transaction made;
    bool known = false;
    made.conditions.emplace_back(etcd_if::created_at{shelf_.names().present(node), 0});
    for (const auto& service : shelf_.services()) {
        const auto all = shelf_.of(service);
        const auto found = all.members.find(node);
        if (found == all.members.end())
            continue;
        known = true;
        const auto key = shelf_.names().record(service, node);
        auto said = found->second.said;
        if (what == remainder::permits && !std::exchange(said.permit, std::nullopt))
            continue;
        made.conditions.emplace_back(etcd_if::modified_at{key, found->second.written});
        if (what == remainder::permits)
            made.changes.emplace_back(etcd_put{key, to_json(said), 0});
        else
            made.changes.emplace_back(etcd_erase{key});
    }
    return known ? std::optional(std::move(made)) : std::nullopt;
}

asio::awaitable<void> store::clear_now(std::string node, remainder what, outcome tell) {
    auto wanted = clearing(node, what);
    if (!wanted)
        co_return tell(std::unexpected(fmt::format("no node {} is known", node)));
    if (wanted->changes.empty())
        co_return tell(std::unexpected(fmt::format("the node {} has no permit", node)));
    auto transaction = *std::move(wanted);
    const auto done = co_await client_.commit(std::move(transaction));
    if (!done)
        co_return tell(std::unexpected(done.error()));
    if (!done->succeeded)
        co_return tell(std::unexpected(
            fmt::format("the node {} is there, or has changed: try again when it is gone", node)));
    tell({});
}

} // namespace herald::fleet
