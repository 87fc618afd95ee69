#include "etcd_session.hpp"

#include "herald/http/deadline.hpp"
#include "herald/http/resolver.hpp"

#include <fmt/format.h>
#include <system_error>
#include <utility>

namespace herald::fleet {

namespace asio = boost::asio;

namespace {

constexpr std::size_t most_idle = 8;
constexpr std::size_t most_of_token = 65536;
constexpr unsigned ok = 200;

using content_or_error = std::expected<std::string, std::string>;
using about = etcd_refusal::about;

std::string too_long(std::size_t limit) {
    return fmt::format("the reply is longer than {} octets", limit);
}

asio::awaitable<content_or_error> read_all(http::client& from, std::size_t limit) {
    std::string content;
    while (true) {
        auto piece = co_await from.read(limit + 1 - content.size());
        if (!piece)
            co_return std::unexpected(std::move(piece).error());
        if (piece->empty())
            co_return content;
        content += *piece;
        if (content.size() > limit)
            co_return std::unexpected(too_long(limit));
    }
}

std::string host_field(const etcd_endpoint& of) {
    return fmt::format(fmt::runtime(of.host.contains(':') ? "[{}]:{}" : "{}:{}"), of.host, of.port);
}

} // namespace

asio::awaitable<content_or_error> next_line(http::client& from, std::string& begun,
                                            std::size_t limit) {
    auto end = begun.find('\n');
    while (end == std::string::npos) {
        if (begun.size() > limit)
            co_return std::unexpected(too_long(limit));
        auto piece = co_await from.read(limit);
        if (!piece)
            co_return std::unexpected(std::move(piece).error());
        if (piece->empty())
            co_return std::unexpected(begun.empty() ? "closed" : "closed in the middle of a line");
        end = piece->find('\n');
        if (end != std::string::npos)
            end += begun.size();
        begun += *piece;
    }
    auto line = begun.substr(0, end);
    begun.erase(0, end + 1);
    co_return line;
}

/// One request at one endpoint, and how far it came.
struct etcd_session::exchange {
    const etcd_call& what;
    std::size_t endpoint;
    const std::string& token; // empty: none
    std::unique_ptr<http::client> connection = {};
    const char* at = "";
    bool sent = false;
    std::string begun = {}; // of a watch's next message
    answer result = std::unexpected(etcd_refusal{});
};

etcd_session::etcd_session(asio::any_io_executor executor, etcd_settings settings)
    : executor_(std::move(executor))
    , settings_(std::move(settings))
    , places_(settings_.endpoints.size()) {}

std::string etcd_session::named(std::size_t endpoint, const std::string& why) const {
    return fmt::format("{}: {}", settings_.endpoints[endpoint].url, why);
}

void etcd_session::give_up(std::size_t endpoint) {
    places_[endpoint].idle.clear();
    if (current_ == endpoint)
        current_ = (endpoint + 1) % places_.size();
}

asio::awaitable<std::expected<etcd_reply, std::string>> etcd_session::ask(etcd_call what) {
    std::string all;
    const auto first = current_;
    for (std::size_t i = 0; i < places_.size(); ++i) {
        const auto endpoint = (first + i) % places_.size();
        bool sent = false;
        auto reply = co_await ask_one(endpoint, what, sent);
        if (reply) {
            if (i > 0)
                current_ = endpoint;
            co_return std::move(*reply);
        }
        all += (i > 0 ? "; " : "") + named(endpoint, reply.error().why);
        if (reply.error().what == about::request)
            break;
        give_up(endpoint);
        if (reply.error().what == about::token || (what.once && sent))
            break;
    }
    co_return std::unexpected(std::move(all));
}

asio::awaitable<etcd_session::answer> etcd_session::ask_one(std::size_t endpoint,
                                                            const etcd_call& what, bool& sent) {
    for (bool again = false;; again = true) {
        if (token_.empty() && !settings_.user.empty())
            if (auto refused = co_await authenticate(endpoint))
                co_return std::unexpected(*std::move(refused));
        const auto token = token_;
        auto reply = co_await ask_in_time(endpoint, what, token, sent);
        if (reply || reply.error().what != about::token)
            co_return reply;
        if (token_ == token) // or else another request has got a new one meanwhile
            token_.clear();
        if (again || settings_.user.empty())
            co_return reply;
    }
}

asio::awaitable<std::optional<etcd_refusal>> etcd_session::authenticate(std::size_t endpoint) {
    const etcd_call call{"/v3/auth/authenticate",
                         authenticate_request(settings_.user, settings_.password), most_of_token};
    const std::string none;
    bool sent = false;
    auto reply = co_await ask_in_time(endpoint, call, none, sent);
    if (!reply)
        co_return std::move(reply).error();
    auto token = read_token(reply->message);
    if (!token)
        co_return etcd_refusal{about::endpoint, std::move(token).error()};
    token_ = *std::move(token);
    co_return std::nullopt;
}

asio::awaitable<etcd_session::answer> etcd_session::ask_in_time(std::size_t endpoint,
                                                                const etcd_call& what,
                                                                const std::string& token,
                                                                bool& sent) {
    exchange on{what, endpoint, token};
    bool in_time = true;
    try {
        in_time = co_await http::within(settings_.timeout, talk(on));
    } catch (const std::system_error& no_thread) {
        on.result = std::unexpected(etcd_refusal{about::endpoint, no_thread.what()});
    }
    if (!in_time)
        on.result = std::unexpected(etcd_refusal{
            about::endpoint,
            fmt::format("timed out after {} s: {}",
                        std::chrono::duration<double>(settings_.timeout).count(), on.at)});
    sent = on.sent;
    co_return std::move(on.result);
}

asio::awaitable<void> etcd_session::talk(exchange& on) {
    on.connection = take_idle(on.endpoint);
    if (!on.connection)
        if (auto refused = co_await open(on)) {
            on.result = std::unexpected(*std::move(refused));
            co_return;
        }
    on.at = "sending the request";
    on.sent = true;
    auto request = request_of(on);
    // One who refuses early has answered, and closed, before he took the request.
    co_await on.connection->send(std::move(request));
    on.at = "waiting for the reply";
    co_await read(on);
}

asio::awaitable<void> etcd_session::read(exchange& on) {
    auto& from = *on.connection;
    const auto head = co_await from.receive();
    if (!head) {
        on.result = std::unexpected(etcd_refusal{about::endpoint, head.error()});
        co_return;
    }
    const bool goes_on = on.what.watches && head->status == ok;
    auto content =
        goes_on ? next_line(from, on.begun, on.what.limit) : read_all(from, on.what.limit);
    const auto text = co_await std::move(content);
    if (text)
        on.result = judged(on, head->status, *text);
    else
        on.result = std::unexpected(etcd_refusal{about::endpoint, text.error()});
    if (!goes_on)
        keep(on.endpoint, std::move(on.connection));
}

/// Of what was read to its end.
etcd_session::answer etcd_session::judged(exchange& on, unsigned status,
                                          const std::string& content) {
    auto message = read_reply(status, content);
    if (!message)
        return std::unexpected(std::move(message).error());
    if (on.what.watches)
        if (auto created = read_created(*message); !created)
            return std::unexpected(std::move(created).error());
    if (auto wrong = judge(*message); !wrong.empty())
        return std::unexpected(etcd_refusal{about::endpoint, std::move(wrong)});
    etcd_reply reply{*std::move(message), on.endpoint};
    if (on.what.watches) {
        reply.stream = std::move(on.connection);
        reply.begun = std::move(on.begun);
    }
    return reply;
}

std::string etcd_session::judge(const boost::json::object& reply) {
    const auto header = read_header(reply);
    if (!header)
        return header.error();
    if (newest_.cluster == 0)
        newest_ = *header;
    if (header->cluster != newest_.cluster)
        return fmt::format("is of the cluster {:x}, the others of {:x}; if etcd was set up anew, "
                           "restart herald",
                           header->cluster, newest_.cluster);
    if (header->term < newest_.term)
        return fmt::format("lags behind: its raft term is {}, that of the cluster {}", header->term,
                           newest_.term);
    newest_.term = header->term;
    return {};
}

asio::awaitable<std::optional<etcd_refusal>> etcd_session::open(exchange& on) {
    const auto& to = settings_.endpoints[on.endpoint];
    on.connection = std::make_unique<http::client>(executor_);
    on.at = "resolving its name";
    auto found = co_await http::resolver::of(executor_).resolve(executor_, to.host);
    if (!found)
        co_return etcd_refusal{about::endpoint, std::move(found).error()};
    on.at = "connecting";
    auto error = co_await on.connection->connect(*std::move(found), to.port);
    if (error.empty() && to.tls) {
        on.at = "loading TLS and its certificates";
        const http::tls_trust trust{true, settings_.ca_file, settings_.cert_file,
                                    settings_.key_file};
        auto known = co_await http::tls_contexts::of(executor_).get(executor_, trust);
        if (!known)
            co_return etcd_refusal{about::request, std::move(known).error()};
        on.at = "in the TLS handshake";
        error =
            co_await on.connection->secure(known->context, to.host, places_[on.endpoint].memory);
    }
    if (error.empty())
        co_return std::nullopt;
    co_return etcd_refusal{about::endpoint, std::move(error)};
}

std::unique_ptr<http::client> etcd_session::take_idle(std::size_t endpoint) {
    auto& idle = places_[endpoint].idle;
    while (!idle.empty()) {
        auto last = std::move(idle.back());
        idle.pop_back();
        if (last->reusable())
            return last;
    }
    return nullptr;
}

void etcd_session::keep(std::size_t endpoint, std::unique_ptr<http::client> connection) {
    auto& idle = places_[endpoint].idle;
    if (endpoint == current_ && idle.size() < most_idle && connection->reusable())
        idle.push_back(std::move(connection));
}

http::request etcd_session::request_of(const exchange& on) const {
    http::request made{"POST", on.what.target, host_field(settings_.endpoints[on.endpoint]), {}};
    made.headers = {{"Content-Type", "application/json"},
                    // A member that has lost its leader says so rather than nothing: also within a
                    // watch, "WithRequireLeader" in etcd's documentation.
                    {"Grpc-Metadata-Hasleader", "true"}};
    if (!on.token.empty())
        made.headers.emplace_back("Authorization", on.token);
    made.content = on.what.content;
    made.keep = !on.what.watches;
    return made;
}

} // namespace herald::fleet
