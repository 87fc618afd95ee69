#include "herald/fleet/etcd_client.hpp"

#include "etcd_session.hpp"

#include "herald/fleet/etcd_json.hpp"
#include "herald/http/deadline.hpp"

#include <fmt/format.h>
#include <functional>
#include <utility>

namespace herald::fleet {

namespace asio = boost::asio;

namespace {

using session = std::shared_ptr<etcd_session>;
using reply_object = boost::json::object;

constexpr std::size_t most_of_range = std::size_t{64} << 20U;
constexpr std::size_t most_of_message = std::size_t{16} << 20U;
constexpr std::size_t most_of_reply = std::size_t{1} << 20U;

/// Asks, and reads the reply.
template <class value>
etcd_answer<value> ask(session with, etcd_call what,
                       std::function<etcd_read<value>(const reply_object&)> read) {
    auto reply = co_await with->ask(std::move(what));
    if (!reply)
        co_return std::unexpected(std::move(reply).error());
    auto result = read(reply->message);
    if (!result)
        co_return std::unexpected(with->named(reply->endpoint, result.error()));
    co_return result;
}

} // namespace

struct etcd_watch::state {
    session with;
    std::size_t endpoint;
    std::unique_ptr<http::client> stream; // null: it has ended
    std::string begun;                    // of the next message

    using answer = std::expected<etcd_events, etcd_watch_end>;
    static asio::awaitable<answer> next(std::shared_ptr<state> on, std::chrono::milliseconds limit);
    static etcd_answer<etcd_watch> open(session with, etcd_call what);
    asio::awaitable<void> read(std::expected<std::string, std::string>& line);
    answer judge(const std::string& line) const;
};

asio::awaitable<void> etcd_watch::state::read(std::expected<std::string, std::string>& line) {
    line = co_await next_line(*stream, begun, most_of_message);
}

etcd_watch::state::answer etcd_watch::state::judge(const std::string& line) const {
    constexpr unsigned ok = 200;
    auto message = read_reply(ok, line);
    if (!message)
        return std::unexpected(etcd_watch_end{std::move(message).error().why});
    auto events = read_events(*message);
    if (!events)
        return events;
    if (auto wrong = with->judge(*message); !wrong.empty())
        return std::unexpected(etcd_watch_end{std::move(wrong)});
    return events;
}

asio::awaitable<etcd_watch::state::answer>
etcd_watch::state::next(std::shared_ptr<state> on, std::chrono::milliseconds limit) {
    if (!on->stream)
        co_return std::unexpected(etcd_watch_end{"the watch has ended"});
    std::expected<std::string, std::string> line;
    auto reading = on->read(line);
    if (!co_await http::within(limit, std::move(reading)))
        line = std::unexpected(
            fmt::format("nothing came for {} s", std::chrono::duration<double>(limit).count()));
    auto result = line ? on->judge(*line) : answer(std::unexpect, std::move(line).error());
    if (result)
        co_return result;
    on->stream.reset();
    auto& end = result.error();
    end.why = on->with->named(on->endpoint, end.why);
    if (end.compacted == 0)
        on->with->give_up(on->endpoint);
    co_return result;
}

etcd_answer<etcd_watch> etcd_watch::state::open(session with, etcd_call what) {
    auto reply = co_await with->ask(std::move(what));
    if (!reply)
        co_return std::unexpected(std::move(reply).error());
    auto opened =
        std::make_shared<state>(with, reply->endpoint, std::move(reply->stream), reply->begun);
    co_return etcd_watch(std::move(opened));
}

asio::awaitable<std::expected<etcd_events, etcd_watch_end>>
etcd_watch::next(std::chrono::milliseconds limit) {
    return state::next(state_, limit);
}

etcd_client::etcd_client(asio::any_io_executor executor, etcd_settings settings)
    : session_(std::make_shared<etcd_session>(std::move(executor), std::move(settings))) {}

etcd_answer<etcd_range> etcd_client::range(std::string prefix) {
    return ask<etcd_range>(session_, {"/v3/kv/range", range_request(prefix), most_of_range},
                           read_range);
}

etcd_answer<etcd_outcome> etcd_client::commit(etcd_transaction what) {
    auto read = [prefixes = what.otherwise_read.size()](const reply_object& reply) {
        return read_outcome(reply, prefixes);
    };
    return ask<etcd_outcome>(
        session_, {"/v3/kv/txn", transaction_request(what), most_of_range, true}, std::move(read));
}

etcd_answer<lease_id> etcd_client::grant(std::chrono::seconds ttl) {
    return ask<lease_id>(session_, {"/v3/lease/grant", grant_request(ttl.count()), most_of_reply},
                         read_grant);
}

etcd_answer<bool> etcd_client::keep_alive(lease_id which) {
    return ask<bool>(session_, {"/v3/lease/keepalive", lease_request(which), most_of_reply},
                     read_kept_alive);
}

etcd_answer<void> etcd_client::revoke(lease_id which) {
    auto read = [](const reply_object&) { return etcd_read<void>(); };
    return ask<void>(session_, {"/v3/lease/revoke", lease_request(which), most_of_reply},
                     std::move(read));
}

etcd_answer<etcd_watch> etcd_client::watch(std::string prefix, revision from) {
    return etcd_watch::state::open(
        session_, {"/v3/watch", watch_request(prefix, from), most_of_message, false, true});
}

} // namespace herald::fleet
