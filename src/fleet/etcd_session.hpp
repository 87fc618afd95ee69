#pragma once

#include "herald/fleet/etcd_json.hpp"
#include "herald/fleet/etcd_settings.hpp"
#include "herald/http/client.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace herald::fleet {

/// A request, without what concerns the endpoint.
struct etcd_call {
    const char* target;
    std::string content;
    std::size_t limit;    // of the reply, or of each message of a watch
    bool once = false;    // it is not sent again when it may have arrived
    bool watches = false; // the reply is the first message, and others follow
};

struct etcd_reply {
    boost::json::object message;
    std::size_t endpoint = 0;
    std::unique_ptr<http::client> stream = {}; // of a watch
    std::string begun = {};                    // what came of its next messages
};

/// The next line of a stream. The error is a line for people.
boost::asio::awaitable<std::expected<std::string, std::string>>
next_line(http::client& from, std::string& begun, std::size_t limit);

/// Brings requests to an endpoint that answers them, with what belongs to that: connections that
/// are kept, the token, and what was heard of the cluster. Whoever waits for it keeps it.
class etcd_session {
public:
    etcd_session(boost::asio::any_io_executor executor, etcd_settings settings);
    etcd_session(const etcd_session&) = delete;
    etcd_session& operator=(const etcd_session&) = delete;

    /// At the present endpoint, or else at the others in turn. The error names each.
    boost::asio::awaitable<std::expected<etcd_reply, std::string>> ask(etcd_call what);
    /// "https://10.0.0.1:2379: ", and what is wrong there.
    std::string named(std::size_t endpoint, const std::string& why) const;
    /// What makes a reply one not to be believed; empty: nothing.
    std::string judge(const boost::json::object& reply);
    /// Another one is asked from now on.
    void give_up(std::size_t endpoint);

private:
    struct place {
        http::tls_memory memory; // of its connections
        std::vector<std::unique_ptr<http::client>> idle;
    };
    struct exchange;
    using answer = std::expected<etcd_reply, etcd_refusal>;

    boost::asio::awaitable<answer> ask_one(std::size_t endpoint, const etcd_call& what, bool& sent);
    boost::asio::awaitable<std::optional<etcd_refusal>> authenticate(std::size_t endpoint);
    boost::asio::awaitable<answer> ask_in_time(std::size_t endpoint, const etcd_call& what,
                                               const std::string& token, bool& sent);
    boost::asio::awaitable<void> talk(exchange& on);
    boost::asio::awaitable<std::optional<etcd_refusal>> open(exchange& on);
    boost::asio::awaitable<void> read(exchange& on);
    answer judged(exchange& on, unsigned status, const std::string& content);
    std::unique_ptr<http::client> take_idle(std::size_t endpoint);
    void keep(std::size_t endpoint, std::unique_ptr<http::client> connection);
    http::request request_of(const exchange& on) const;

    boost::asio::any_io_executor executor_;
    etcd_settings settings_;
    std::vector<place> places_; // by endpoint
    std::size_t current_ = 0;
    std::string token_;
    etcd_header newest_; // of all replies; cluster 0: none
};

} // namespace herald::fleet
