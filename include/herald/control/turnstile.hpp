#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <memory>

namespace herald::control {

/// Lets one in at a time, in the order in which they came. Not for several threads.
class turnstile {
public:
    /// Inside for as long as it lives.
    class visit {
    public:
        explicit visit(std::shared_ptr<turnstile> where) : where_(std::move(where)) {}
        visit(const visit&) = delete;
        visit& operator=(const visit&) = delete;
        ~visit() { where_->leave(); }

    private:
        std::shared_ptr<turnstile> where_;
    };

    /// Comes back inside: the next statement makes a visit.
    boost::asio::awaitable<void> enter(boost::asio::any_io_executor executor) {
        if (!busy_) {
            busy_ = true;
            co_return;
        }
        auto turn = std::make_shared<place>(executor);
        queue_.push_back(turn);
        while (!turn->called) {
            boost::system::error_code ignored;
            turn->wake.expires_at(boost::asio::steady_timer::time_point::max());
            co_await turn->wake.async_wait(
                boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
        }
    }

private:
    struct place {
        explicit place(const boost::asio::any_io_executor& executor) : wake(executor) {}
        boost::asio::steady_timer wake;
        bool called = false;
    };

    void leave() {
        busy_ = !queue_.empty();
        if (!busy_)
            return;
        const auto next = queue_.front();
        queue_.pop_front();
        next->called = true;
        next->wake.cancel();
    }

    std::deque<std::shared_ptr<place>> queue_;
    bool busy_ = false;
};

} // namespace herald::control
