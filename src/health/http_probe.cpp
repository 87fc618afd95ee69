#include "herald/health/http_probe.hpp"

#include "conversation.hpp"
#include "tls_session.hpp"
#include "transport.hpp"

#include "herald/text/version.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>
#include <optional>
#include <sstream>

namespace herald::health {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

struct http_probe::shared {
    explicit shared(http_settings given)
        : settings(std::move(given))
        , tls(settings.verify, settings.ca_file) {}

    const http_settings settings;
    tls_client tls;
};

namespace {

/// The most that the status line and the fields of a response may take.
constexpr std::uint32_t header_limit = 65536;
constexpr std::size_t piece_size = 4096;

using parser = http::response_parser<http::buffer_body>;

std::string request_text(const http_settings& settings) {
    http::request<http::empty_body> message{http::verb::get, settings.url.target, 11};
    message.method_string(settings.method);
    message.set(http::field::host, host_field(settings.url));
    message.set(http::field::user_agent, fmt::format("herald/{}", text::version()));
    message.set(http::field::accept, "*/*");
    for (const auto& [name, value] : settings.headers)
        message.set(name, value);
    // RFC 9110 §8.6: a method that is to have content says so when it has none.
    if (settings.method == "POST" || settings.method == "PUT" || settings.method == "PATCH")
        message.content_length(0);
    message.keep_alive(false);
    std::ostringstream text;
    text << message.base();
    return text.str();
}

/// "503 Service Unavailable", and where a redirect leads.
std::string status_text(const parser::value_type& response) {
    auto reason = std::string(response.reason());
    if (reason.empty())
        reason = std::string(http::obsolete_reason(response.result()));
    auto text = fmt::format("{} {}", response.result_int(), reason);
    const auto location = response[http::field::location];
    if (response.result_int() / 100 == 3 && !location.empty())
        text += fmt::format(" to {}", std::string(location));
    return text;
}

bool is_expected(const std::vector<status_range>& ranges, unsigned status) {
    return std::ranges::any_of(ranges, [status](const status_range& range) {
        return range.first <= status && status <= range.last;
    });
}

std::string malformed(const error_code& error) {
    if (error == http::error::header_limit)
        return fmt::format("the response's header is longer than {} octets", header_limit);
    return fmt::format("not a response of HTTP: {}", in_words(error));
}

} // namespace

/// One request and its response.
class http_probe::exchange final : public conversation {
public:
    exchange(const asio::any_io_executor& executor, std::shared_ptr<shared> probe)
        : conversation(executor)
        , probe_(std::move(probe))
        , connection_(executor) {}

    asio::awaitable<probe_result> talk() override;

private:
    const http_settings& settings() const { return probe_->settings; }
    void close() override { connection_.close(); }
    asio::awaitable<probe_result> connect(bool& connected);
    asio::awaitable<probe_result> talk_tls();
    asio::awaitable<probe_result> ask(transport& service);
    asio::awaitable<std::string> read_header(transport& service);
    asio::awaitable<probe_result> search(transport& service);
    asio::awaitable<std::string> feed(transport& service);

    std::shared_ptr<shared> probe_;
    stream_connection connection_;
    boost::beast::flat_buffer buffer_{header_limit + piece_size};
    std::optional<parser> response_;
    bool at_end_ = false;
};

asio::awaitable<probe_result> http_probe::exchange::talk() {
    bool connected = false;
    auto failure = co_await connect(connected);
    if (!connected)
        co_return failure;
    if (settings().url.tls)
        co_return co_await talk_tls();
    plain_transport service(connection_);
    co_return co_await ask(service);
}

asio::awaitable<probe_result> http_probe::exchange::connect(bool& connected) {
    const auto& to = settings().connect_to;
    error_code error;
    if (!to.path.empty()) {
        now(fmt::format("connecting to {}", to.path));
        error = co_await connection_.connect(asio::local::stream_protocol::endpoint(to.path));
    } else {
        probe_result failure;
        auto choices = co_await resolve(to.host, failure);
        if (choices.empty())
            co_return failure;
        now("connecting");
        error = co_await connection_.connect(std::move(choices), to.port);
    }
    connected = !error;
    co_return failed(in_words(error));
}

asio::awaitable<probe_result> http_probe::exchange::talk_tls() {
    auto session = tls_session::begin(probe_->tls, settings().url.host);
    if (!session)
        co_return could_not_run(session.error());
    now("in the TLS handshake");
    tls_transport service(connection_, *std::move(session));
    const auto shaken = co_await service.handshake();
    if (!shaken.error.empty())
        co_return failed(shaken.error);
    co_return co_await ask(service);
}

asio::awaitable<probe_result> http_probe::exchange::ask(transport& service) {
    now("sending the request");
    const auto text = request_text(settings());
    const auto sent = co_await service.send(text);
    now("waiting for the response");
    // A service that refuses early has answered and closed before it took the request.
    auto error = co_await read_header(service);
    if (!error.empty())
        co_return failed(sent.error.empty() ? error : sent.error);
    const auto status = status_text(response_->get());
    if (!is_expected(settings().expect_status, response_->get().result_int()))
        co_return failed(fmt::format("answered {}", status));
    if (settings().expect_body.empty())
        co_return passed(status);
    co_return co_await search(service);
}

/// Past the interim responses, RFC 9110 §15.2. What is wrong; empty where nothing is.
asio::awaitable<std::string> http_probe::exchange::read_header(transport& service) {
    bool interim = true;
    while (interim) {
        response_.emplace();
        response_->header_limit(header_limit);
        response_->body_limit(boost::none);
        response_->skip(settings().method == "HEAD");
        while (!response_->is_header_done()) {
            auto error = co_await feed(service);
            if (!error.empty())
                co_return error;
        }
        interim = response_->get().result_int() / 100 == 1 &&
                  response_->get().result() != http::status::switching_protocols;
    }
    co_return "";
}

asio::awaitable<probe_result> http_probe::exchange::search(transport& service) {
    const auto& expected = settings().expect_body;
    std::string content;
    std::array<char, piece_size> piece;
    while (!response_->is_done() && content.size() < search_limit) {
        now(fmt::format("reading the content, {} octets so far", content.size()));
        auto& body = response_->get().body();
        body.data = piece.data();
        body.size = std::min(piece.size(), search_limit - content.size());
        const auto room = body.size;
        auto error = co_await feed(service);
        // It may have begun at the end of what came before.
        const auto from = content.size() - std::min(content.size(), expected.size() - 1);
        content.append(piece.data(), room - body.size);
        if (content.find(expected, from) != std::string::npos)
            co_return passed(status_text(response_->get()));
        if (!error.empty())
            co_return failed(fmt::format("in the content: {}", error));
    }
    const bool whole = response_->is_done();
    co_return failed(whole ? fmt::format("the content lacks \"{}\"", expected)
                           : fmt::format("the first {} octets of the content lack \"{}\"",
                                         search_limit, expected));
}

/// Gives the parser more of the response, from the buffer or else from the service. What is wrong;
/// empty where nothing is.
asio::awaitable<std::string> http_probe::exchange::feed(transport& service) {
    error_code error = http::error::need_more;
    if (buffer_.size() > 0)
        buffer_.consume(response_->put(buffer_.data(), error));
    if (error == http::error::need_more && !at_end_) {
        const auto space = buffer_.prepare(piece_size);
        const auto received =
            co_await service.receive({static_cast<char*>(space.data()), space.size()});
        if (!received.error.empty())
            co_return received.error;
        buffer_.commit(received.count);
        at_end_ = received.count == 0;
        error = {};
    }
    if (at_end_ && !error) {
        if (!response_->got_some())
            co_return "closed before the response";
        response_->put_eof(error);
    }
    if (error == http::error::partial_message || error == http::error::need_more)
        co_return "closed in the middle of the response";
    co_return error&& error != http::error::need_buffer ? malformed(error) : "";
}

http_probe::http_probe(asio::any_io_executor executor, http_settings settings)
    : executor_(std::move(executor))
    , shared_(std::make_shared<shared>(std::move(settings))) {}

http_probe::~http_probe() = default;

std::unique_ptr<probe_run> http_probe::start(probe_handler done) {
    return hold(std::make_shared<exchange>(executor_, shared_), std::move(done));
}

} // namespace herald::health
