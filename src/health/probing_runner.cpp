#include "check_runner.hpp"

#include "herald/health/last_line.hpp"
#include "herald/health/probe.hpp"
#include "herald/health/schedule.hpp"

#include <fmt/format.h>
#include <random>

namespace herald::health {

namespace {

using clock = std::chrono::steady_clock;

clock::duration random_part_of(clock::duration whole) {
    static std::minstd_rand generator(std::random_device{}());
    return clock::duration(std::uniform_int_distribution<clock::rep>(0, whole.count())(generator));
}

std::string timeout_text(std::chrono::milliseconds timeout, const std::string& progress) {
    auto text = fmt::format("timed out after {} s", static_cast<double>(timeout.count()) / 1000);
    return printable(progress.empty() ? text : fmt::format("{}: {}", text, progress));
}

class probing_runner final : public check_runner {
public:
    probing_runner(const boost::asio::any_io_executor& executor, std::unique_ptr<probe> probe,
                   const check& owner, check_settings given, check::observer on_result)
        : check_runner(owner, std::move(given), std::move(on_result))
        , schedule_(settings().interval, settings().fast_interval)
        , next_(executor)
        , timeout_(executor)
        , probe_(std::move(probe)) {}

    void start() override;
    bool report(const check_report&) override { return false; }

private:
    void end() override;
    void begin_at(clock::time_point time);
    void begin();
    void time_out();
    void finish(probe_result result);

    schedule schedule_;
    boost::asio::steady_timer next_;
    boost::asio::steady_timer timeout_;
    std::unique_ptr<probe> probe_;
    std::unique_ptr<probe_run> run_;
    clock::time_point began_;
};

void probing_runner::start() {
    begin_at(schedule_.first(clock::now(), random_part_of(schedule_.longest_splay())));
}

void probing_runner::end() {
    run_.reset();
    next_.cancel();
    timeout_.cancel();
}

void probing_runner::begin_at(clock::time_point time) {
    set_due(time);
    wait(next_, time, [this] { begin(); });
}

void probing_runner::begin() {
    ++generation_;
    began_ = clock::now();
    set_due(began_ + settings().timeout);
    wait(timeout_, began_ + settings().timeout, [this] { time_out(); });
    auto self = std::static_pointer_cast<probing_runner>(shared_from_this());
    run_ = probe_->start([self, generation = generation_](probe_result result) {
        if (generation == self->generation_)
            self->finish(std::move(result));
    });
}

void probing_runner::time_out() {
    probe_result result;
    result.timed_out = true;
    result.output = timeout_text(settings().timeout, run_->progress());
    finish(std::move(result));
}

void probing_runner::finish(probe_result result) {
    ++generation_;
    result.duration = clock::now() - began_;
    // First of all: the verdict is on its way to the wire.
    if (!take(std::move(result)))
        return;
    run_.reset();
    timeout_.cancel();
    begin_at(schedule_.next(clock::now(), !agrees()));
}

} // namespace

std::shared_ptr<check_runner> make_probing_runner(const boost::asio::any_io_executor& executor,
                                                  std::unique_ptr<probe> probe, const check& owner,
                                                  check_settings settings,
                                                  check::observer on_result) {
    return std::make_shared<probing_runner>(executor, std::move(probe), owner, std::move(settings),
                                            std::move(on_result));
}

} // namespace herald::health
