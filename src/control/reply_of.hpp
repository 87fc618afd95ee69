#pragma once

#include "herald/control/endpoint.hpp"
#include "herald/control/response.hpp"

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <utility>

namespace herald::control {

/// Asks the daemon, and waits for its reply: it may come before `ask` returns, later, when the
/// client is gone, or when the server is. With a bound of its own a client is not waited for that
/// has closed its side.
template <typename Value, typename Ask>
boost::asio::awaitable<std::expected<Value, refusal>>
reply_of(call& asked, Ask ask, std::optional<std::chrono::milliseconds> bound = std::nullopt) {
    using reply = std::expected<Value, refusal>;
    const auto coming = std::make_shared<later<reply>>(asked.behind->executor);
    asked.client.waits_for(coming, bound.has_value());
    ask(asked.daemon(), [waiting = std::weak_ptr(coming)](reply how) {
        if (const auto still = waiting.lock())
            still->set(std::move(how));
    });
    auto how = co_await coming->get(bound.value_or(asked.behind->bounds.daemon));
    if (asked.is_over())
        co_return std::unexpected(is_stopping());
    if (!how)
        co_return std::unexpected(
            refusal{refusal::kind::late, "not_finished", "the daemon has not finished this yet"});
    co_return *std::move(how);
}

} // namespace herald::control
