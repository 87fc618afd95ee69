#pragma once

#include "herald/fleet/etcd_settings.hpp"
#include "herald/fleet/etcd_values.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <utility>

namespace herald::fleet {

class etcd_session;

/// What etcd answered; the error is a line for people, with the endpoint.
template <class value>
using etcd_answer = boost::asio::awaitable<std::expected<value, std::string>>;

/// What changes below a prefix, from one endpoint.
class etcd_watch {
public:
    /// The next changes, one after the other. Silence of `limit` is an end, too: whoever watches
    /// writes something there himself now and then. Nothing comes after the end, nor after a
    /// cancellation.
    boost::asio::awaitable<std::expected<etcd_events, etcd_watch_end>>
    next(std::chrono::milliseconds limit);

private:
    friend class etcd_client;
    struct state;
    explicit etcd_watch(std::shared_ptr<state> with) : state_(std::move(with)) {}

    std::shared_ptr<state> state_;
};

/// Asks etcd by its v3 JSON gateway. Endpoints are tried in turn: it stays with one that answers,
/// and goes on from one that does not, or that lags behind. Several requests may be under way, each
/// in a coroutine that may be cancelled, and that may end after this.
class etcd_client {
public:
    etcd_client(boost::asio::any_io_executor executor, etcd_settings settings);

    etcd_answer<etcd_range> range(std::string prefix);
    /// It is sent once: after an error it may have been made, or may yet be, unless its conditions
    /// forbid that.
    etcd_answer<etcd_outcome> commit(etcd_transaction what);
    etcd_answer<lease_id> grant(std::chrono::seconds ttl);
    /// False: the lease is gone.
    etcd_answer<bool> keep_alive(lease_id which);
    etcd_answer<void> revoke(lease_id which);
    /// From that revision on, which counts itself.
    etcd_answer<etcd_watch> watch(std::string prefix, revision from);

private:
    std::shared_ptr<etcd_session> session_;
};

} // namespace herald::fleet
