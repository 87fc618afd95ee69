#include "herald/peering/time_source.hpp"

#include <boost/asio/steady_timer.hpp>
#include <cstdint>

namespace herald::peering {
namespace {

/// The timer's own completion may be under way when its wait is given up: each carries a
/// generation, and a stale one is dropped.
class steady_alarm final : public alarm_clock {
public:
    explicit steady_alarm(const boost::asio::any_io_executor& executor) : timer_(executor) {}

    void set(time_point moment, std::function<void()> ring) override {
        timer_.expires_at(moment);
        timer_.async_wait([ring = std::move(ring), generation = ++*generation_,
                           newest = std::weak_ptr(generation_)](boost::system::error_code) {
            if (const auto current = newest.lock(); current && *current == generation)
                ring();
        });
    }

    void cancel() override {
        ++*generation_;
        timer_.cancel();
    }

private:
    boost::asio::steady_timer timer_;
    std::shared_ptr<std::uint64_t> generation_ = std::make_shared<std::uint64_t>(0);
};

class steady_time_source final : public time_source {
public:
    explicit steady_time_source(boost::asio::any_io_executor executor)
        : executor_(std::move(executor)) {}

    time_point now() const override { return std::chrono::steady_clock::now(); }
    std::unique_ptr<alarm_clock> make_alarm() override {
        return std::make_unique<steady_alarm>(executor_);
    }

private:
    boost::asio::any_io_executor executor_;
};

} // namespace

std::shared_ptr<time_source> make_time_source(boost::asio::any_io_executor executor) {
    return std::make_shared<steady_time_source>(std::move(executor));
}

} // namespace herald::peering
