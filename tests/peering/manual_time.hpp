#pragma once

#include "herald/peering/time_source.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace herald::peering::test {

/// Time that passes only when a test says so.
class manual_time final : public time_source {
public:
    explicit manual_time(boost::asio::io_context& context) : context_(context) {}

    time_point now() const override { return now_; }
    std::unique_ptr<alarm_clock> make_alarm() override { return std::make_unique<hand>(*this); }

    /// Lets this time pass, moment by moment: what is due rings when it is due, and whatever
    /// follows from it has been done before the next moment.
    void advance(std::chrono::milliseconds by) {
        const auto end = now_ + by;
        settle();
        while (auto* next = earliest(end)) {
            now_ = std::max(now_, next->moment);
            next->ring_soon();
            settle();
        }
        now_ = end;
    }
    /// Runs the loop until nothing is left to be done at this moment.
    void settle() {
        do {
            context_.restart();
        } while (context_.poll() > 0);
    }
    /// Alarms that are set.
    std::size_t set() const {
        return static_cast<std::size_t>(
            std::ranges::count_if(hands_, [](const auto* one) { return one->ring != nullptr; }));
    }

private:
    struct hand final : alarm_clock {
        explicit hand(manual_time& of) : owner(of) { owner.hands_.push_back(this); }
        ~hand() override { std::erase(owner.hands_, this); }

        void set(time_point at, std::function<void()> what) override {
            *alive = false;
            alive = std::make_shared<bool>(true);
            moment = at;
            ring = std::move(what);
        }
        void cancel() override {
            *alive = false;
            // As a real timer does: what is given up is let go of in a turn of its own.
            boost::asio::post(owner.context_, [dropped = std::exchange(ring, nullptr)] {});
        }
        void ring_soon() {
            boost::asio::post(owner.context_,
                              [wanted = alive, what = std::exchange(ring, nullptr)] {
                                  if (*wanted)
                                      what();
                              });
        }

        manual_time& owner;
        time_point moment{};
        std::function<void()> ring;
        std::shared_ptr<bool> alive = std::make_shared<bool>(true); // the wait of now
    };

    hand* earliest(time_point end) const {
        hand* found = nullptr;
        for (auto* one : hands_)
            if (one->ring && one->moment <= end && (!found || one->moment < found->moment))
                found = one;
        return found;
    }

    boost::asio::io_context& context_;
    time_point now_{std::chrono::hours(1)};
    std::vector<hand*> hands_;
};

} // namespace herald::peering::test
