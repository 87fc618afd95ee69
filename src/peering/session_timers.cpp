#include "herald/peering/session_timers.hpp"

#include <random>
#include <utility>

namespace herald::peering {

std::chrono::milliseconds jitter(std::chrono::milliseconds duration) {
    thread_local std::minstd_rand random{std::random_device{}()};
    auto factor = std::uniform_real_distribution(0.75, 1.0)(random);
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration * factor);
}

session_timers::session_timers(std::shared_ptr<time_source> time,
                               std::function<void(bgp::session_timer)> expired)
    : time_(std::move(time))
    , expired_(std::move(expired)) {
    for (auto& slot : slots_)
        slot.alarm = time_->make_alarm();
}

void session_timers::start(bgp::session_timer timer, std::chrono::milliseconds duration,
                           bool jittered) {
    auto& slot = slot_of(timer);
    slot.deadline = time_->now() + (jittered ? jitter(duration) : duration);
    const auto later = std::exchange(slot.running, true) && slot.deadline >= slot.set_for;
    if (!later)
        wait(timer);
}

void session_timers::stop(bgp::session_timer timer) {
    auto& slot = slot_of(timer);
    slot.running = false;
    slot.alarm->cancel();
}

void session_timers::stop_all() {
    for (std::size_t i = 0; i < slots_.size(); ++i)
        stop(static_cast<bgp::session_timer>(i));
}

void session_timers::wait(bgp::session_timer timer) {
    auto& slot = slot_of(timer);
    slot.set_for = slot.deadline;
    slot.alarm->set(slot.deadline, [this, timer] { rang(timer); });
}

void session_timers::rang(bgp::session_timer timer) {
    auto& slot = slot_of(timer);
    if (time_->now() < slot.deadline)
        return wait(timer);
    slot.running = false;
    expired_(timer);
}

} // namespace herald::peering
