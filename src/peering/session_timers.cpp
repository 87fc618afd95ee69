#include "herald/peering/session_timers.hpp"

#include <random>

namespace herald::peering {

std::chrono::milliseconds jitter(std::chrono::milliseconds duration) {
    thread_local std::minstd_rand random{std::random_device{}()};
    auto factor = std::uniform_real_distribution(0.75, 1.0)(random);
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration * factor);
}

session_timers::session_timers(boost::asio::any_io_executor executor,
                               std::function<void(bgp::session_timer)> expired)
    : expired_(std::move(expired))
    , slots_{timer_slot(executor), timer_slot(executor), timer_slot(executor),
             timer_slot(executor)} {}

void session_timers::start(bgp::session_timer timer, std::chrono::milliseconds duration,
                           bool jittered) {
    auto& slot = slot_of(timer);
    auto deadline = clock::now() + (jittered ? jitter(duration) : duration);
    auto later = slot.running && slot.waiting && deadline >= slot.timer.expiry();
    slot.deadline = deadline;
    slot.running = true;
    if (!later)
        wait(timer);
}

void session_timers::stop(bgp::session_timer timer) {
    auto& slot = slot_of(timer);
    slot.running = false;
    slot.waiting = false;
    ++slot.generation;
    slot.timer.cancel();
}

void session_timers::stop_all() {
    for (std::size_t i = 0; i < slots_.size(); ++i)
        stop(static_cast<bgp::session_timer>(i));
}

void session_timers::wait(bgp::session_timer timer) {
    auto& slot = slot_of(timer);
    auto generation = ++slot.generation;
    slot.waiting = true;
    slot.timer.expires_at(slot.deadline);
    slot.timer.async_wait([this, timer, generation, alive = std::weak_ptr(alive_)](auto) {
        if (!alive.expired())
            completed(timer, generation);
    });
}

void session_timers::completed(bgp::session_timer timer, std::uint64_t generation) {
    auto& slot = slot_of(timer);
    if (generation != slot.generation || !slot.running)
        return;
    slot.waiting = false;
    if (clock::now() < slot.deadline)
        return wait(timer);
    slot.running = false;
    expired_(timer);
}

} // namespace herald::peering
