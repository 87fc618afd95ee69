#pragma once

#include "herald/fleet/guard.hpp"
#include "tests/fleet/model_store.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

/// Some nodes with a service, and their store. What can go wrong does, as a seed has it.
namespace herald::fleet::test {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

inline constexpr milliseconds model_ttl = 10s;
inline constexpr milliseconds beat_interval = 3s;
inline constexpr milliseconds longest_lag = 500ms;
inline constexpr milliseconds longest_silence = 1s; // of a watch, until it is noticed
inline constexpr milliseconds patience = 3s;        // for a request's answer
/// Nobody can know sooner that a node is gone; some lags of others' knowledge on top.
inline constexpr milliseconds ghost_time = model_ttl + 5s;

struct chances {
    std::minstd_rand random;
    explicit chances(std::uint32_t seed) : random(seed * 2654435761U + 1) {}
    unsigned below(unsigned end) {
        return std::uniform_int_distribution<unsigned>(0, end - 1)(random);
    }
    bool percent(unsigned chance) { return below(100) < chance; }
    milliseconds up_to(milliseconds longest) {
        return milliseconds{below(static_cast<unsigned>(longest.count()) + 1)};
    }
};

struct model_node {
    enum class condition : std::uint8_t { unknown, good, failing, down };

    identity self;
    bool running = false;
    unsigned life = 0;
    std::optional<guard> guarded = {};

    condition health = condition::unknown;
    unsigned change = 0; // number of the last one of its health
    bool impaired = false;
    bool away = false;       // down, and taken away
    bool deprefers = false;  // announces itself by when.down then
    bool no_address = false; // goes unguarded
    unsigned neighbors = 1;
    std::optional<need::drain> asked = {};
    bool drained = false;
    time_point draining_until = {};
    unsigned drains = 0; // that came into force

    std::optional<record> told = {}; // to the guard
    need told_need = {};
    bool connected = false;
    bool lost = false;
    unsigned connection = 0;
    time_point next_sight = {};
    time_point next_beat = {};
    std::optional<time_point> alarm = {};
    unsigned lease = 0;
    bool queued = false;

    std::optional<time_point> gone = {}; // unguarded
    time_point ghost_until = {};

    net::announcement heard(time_point now) const;
    /// In truth, as far as it can say.
    bool announced(time_point now) const;
};

/// The service is what the daemon makes of it: announced unless it is down or drained, and taken
/// away only if the guard permits.
class model_world {
public:
    struct departure {
        std::string node;
        time_point at;
        bool was_held = false;
    };

    explicit model_world(std::uint32_t seed);

    void run(milliseconds time, bool with_faults);
    /// No more faults, and the old ones are repaired.
    void repair();

    void fail(model_node& node, milliseconds verdict_after);
    void recover(model_node& node);
    void ask_drain(model_node& node, bool queue);
    void undrain(model_node& node);

    /// Units other than the node's own that are announced in truth.
    unsigned announced_without(const model_node& node) const;
    unsigned keep(const model_node& node) const;

    chances random;
    guard_settings settings;
    std::deque<model_node> nodes; // whose places do not change
    model_store store;
    time_point now{1h};
    std::vector<std::string> violations;
    std::vector<departure> departures;

private:
    using task = std::function<void()>;

    void later(milliseconds time, task what);
    void tick(bool with_faults);
    void fault();
    void fault_of_store(model_node& node);
    void fault_of_node(model_node& node);
    void fault_of_service(model_node& node);

    void start(model_node& node);
    void upgrade(model_node& node);
    void crash(model_node& node, milliseconds time);
    void vanish(model_node& node);
    void connect(model_node& node);
    void disconnect(model_node& node);
    void release();

    void publish();
    void show(model_node& node, const std::shared_ptr<const roster>& what);
    void tell(model_node& node, const guard_event& event);
    void perform(model_node& node, const std::vector<guard_action>& actions);
    void act(model_node& node);
    void wait_for_deadline(model_node& node);
    bool leave(model_node& node);
    void take_away(model_node& node);
    void send(model_node& node, const write& asked);
    void answer(model_node& node, const write& asked, bool done, milliseconds delay);
    void torment(model_node& node, const write& asked, milliseconds delay);
    void fail_others(const model_node& node);
    void check_grant(const model_node& node, const write& asked, bool in_time);
    void beat(model_node& node);
    void keep_queue(model_node& node);
    milliseconds any_delay();

    std::multimap<time_point, task> tasks_;
    bool calm_ = false;
    unsigned fault_rate_ = 0; // percent, in each tick
    unsigned last_lease_ = 0;
    time_point next_tick_{1h};
};

} // namespace herald::fleet::test
