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

template <typename Value>
using outcome = std::expected<Value, refusal>;
template <typename Value>
using coming_reply = std::shared_ptr<later<outcome<Value>>>;

/// Asks the daemon, whose reply may come before `ask` returns, later, when the client is gone, or
/// when the server is. With `until_it_leaves` a client is not waited for that has closed its side.
template <typename Value, typename Ask>
coming_reply<Value> ask_for(call& asked, Ask ask, bool until_it_leaves = false) {
    const auto coming = std::make_shared<later<outcome<Value>>>(asked.behind->executor);
    asked.client.waits_for(coming, until_it_leaves);
    ask(asked.daemon(), [waiting = std::weak_ptr(coming)](outcome<Value> how) {
        if (const auto still = waiting.lock())
            still->set(std::move(how));
    });
    return coming;
}

/// None: it has not come in time, or nobody waits for it any more.
template <typename Value>
boost::asio::awaitable<std::optional<outcome<Value>>>
within(call& asked, coming_reply<Value> coming, std::chrono::milliseconds bound) {
    auto how = co_await coming->get(bound);
    if (asked.is_over())
        co_return std::unexpected(is_stopping());
    co_return how;
}

inline refusal not_finished() {
    return {refusal::kind::late, "not_finished", "the daemon has not finished this yet"};
}

template <typename Value, typename Ask>
boost::asio::awaitable<outcome<Value>> reply_of(call& asked, Ask ask) {
    const auto coming = ask_for<Value>(asked, std::move(ask));
    auto how = co_await within<Value>(asked, coming, asked.behind->bounds.daemon);
    if (!how)
        co_return std::unexpected(not_finished());
    co_return *std::move(how);
}

} // namespace herald::control
