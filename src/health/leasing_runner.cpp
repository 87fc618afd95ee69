#include "check_runner.hpp"

#include "herald/health/last_line.hpp"

#include <fmt/format.h>

namespace herald::health {

namespace {

using clock = std::chrono::steady_clock;

class leasing_runner final : public check_runner {
public:
    leasing_runner(const boost::asio::any_io_executor& executor, const check& owner,
                   check_settings given, check::observer on_result)
        : check_runner(owner, std::move(given), std::move(on_result))
        , ttl_(own_ttl())
        , expiry_(executor) {}

    /// The first report has as long to come as any other.
    void start() override { lease(); }
    bool report(const check_report& told) override;

private:
    std::chrono::milliseconds own_ttl() const {
        return std::get<push_settings>(settings().probe).ttl;
    }
    void end() override { expiry_.cancel(); }
    void lease();
    void expire();

    std::chrono::milliseconds ttl_; // of the last report
    unsigned lapses_ = 0;           // since then
    boost::asio::steady_timer expiry_;
};

bool leasing_runner::report(const check_report& told) {
    last_line output;
    output.add(told.output);
    probe_result result;
    result.outcome = told.outcome;
    result.output = output.text();
    ttl_ = told.ttl.value_or(own_ttl());
    lapses_ = 0;
    if (take(std::move(result)))
        lease();
    return true;
}

void leasing_runner::lease() {
    ++generation_;
    wait(expiry_, clock::now() + ttl_, [this] { expire(); });
}

/// A failure for each lease that passes, so that `fall` of them are reached.
void leasing_runner::expire() {
    ++lapses_;
    probe_result result;
    result.output =
        fmt::format("no report for {}s", static_cast<double>((lapses_ * ttl_).count()) / 1000);
    if (take(std::move(result)))
        lease();
}

} // namespace

std::shared_ptr<check_runner> make_leasing_runner(const boost::asio::any_io_executor& executor,
                                                  const check& owner, check_settings settings,
                                                  check::observer on_result) {
    return std::make_shared<leasing_runner>(executor, owner, std::move(settings),
                                            std::move(on_result));
}

} // namespace herald::health
