#include "herald/health/check.hpp"

#include "check_loop.hpp"

#include <utility>

namespace herald::health {

check::check(const boost::asio::any_io_executor& executor, check_settings settings,
             observer on_result)
    : loop_(std::make_shared<check_loop>(executor, *this, std::move(settings),
                                         std::move(on_result))) {}

check::~check() {
    loop_->stop();
}

void check::start() {
    loop_->start();
}

void check::resume(const check_snapshot& from) {
    loop_->resume(from);
}

check_snapshot check::snapshot() const {
    return loop_->snapshot();
}

void check::hold() {
    loop_->hold();
}

void check::release() {
    loop_->release();
}

bool check::report(const check_report& result) {
    // It goes on where the observer destroys the check.
    const auto loop = loop_;
    return loop->report(result);
}

const check_settings& check::settings() const {
    return loop_->settings();
}

const check_status& check::status() const {
    return loop_->status();
}

} // namespace herald::health
