#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <optional>
#include <utility>

namespace herald::control {

/// Something that a coroutine waits for, and that can be given up.
class pending {
public:
    virtual ~pending() = default;
    virtual void abandon() = 0;
};

/// A value that comes later, and the one coroutine that waits for it. Not for several threads.
template <typename T>
class later final : public pending {
public:
    explicit later(const boost::asio::any_io_executor& executor) : wake_(executor) {}

    /// The first value counts.
    void set(T value) {
        if (value_)
            return;
        value_ = std::move(value);
        wake_.cancel();
    }

    /// Whoever waits gets nothing, at once.
    void abandon() override {
        abandoned_ = true;
        wake_.cancel();
    }
    bool abandoned() const { return abandoned_; }

    /// None when it has not come in time, or was given up. One call at a time; `this` outlives it.
    boost::asio::awaitable<std::optional<T>> get(std::chrono::milliseconds bound) {
        const auto end = std::chrono::steady_clock::now() + bound;
        // A timer's completion says little; the value and the clock are what counts.
        while (!value_ && !abandoned_ && std::chrono::steady_clock::now() < end) {
            boost::system::error_code ignored;
            wake_.expires_at(end);
            co_await wake_.async_wait(
                boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
        }
        co_return std::move(value_);
    }

private:
    std::optional<T> value_;
    bool abandoned_ = false;
    boost::asio::steady_timer wake_;
};

} // namespace herald::control
