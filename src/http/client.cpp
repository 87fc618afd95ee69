#include "herald/http/client.hpp"

#include "herald/text/version.hpp"
#include "transport.hpp"

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
#include <utility>

namespace herald::http {

namespace asio = boost::asio;
namespace beast = boost::beast::http;
using boost::system::error_code;
using clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t piece_size = 4096;
/// For so long a connection may be begun by a ticket. A resumed session shows no certificate: one
/// that has expired, or was replaced by a wrong one, is to be noticed.
constexpr std::chrono::minutes ticket_limit{1};

using parser = beast::response_parser<beast::buffer_body>;

std::string request_text(const request& what) {
    beast::request<beast::empty_body> message{beast::verb::get, what.target, 11};
    message.method_string(what.method);
    message.set(beast::field::host, what.host);
    message.set(beast::field::user_agent, fmt::format("herald/{}", text::version()));
    message.set(beast::field::accept, "*/*");
    for (const auto& [name, value] : what.headers)
        message.set(name, value);
    // RFC 9110 §8.6: a method that is to have content says so when it has none.
    if (!what.content.empty() || what.method == "POST" || what.method == "PUT" ||
        what.method == "PATCH")
        message.content_length(what.content.size());
    message.keep_alive(what.keep);
    std::ostringstream text;
    text << message.base() << what.content;
    return text.str();
}

response response_of(const parser::value_type& head) {
    response result{head.result_int(), std::string(head.reason()),
                    std::string(head[beast::field::location])};
    if (result.reason.empty())
        result.reason = std::string(beast::obsolete_reason(head.result()));
    return result;
}

std::string malformed(const error_code& error) {
    if (error == beast::error::header_limit)
        return fmt::format("the response's header is longer than {} octets", header_limit);
    return fmt::format("not a response of HTTP: {}", in_words(error));
}

} // namespace

struct client::state {
    explicit state(const asio::any_io_executor& executor) : connection(executor) {}

    void begin_response();
    asio::awaitable<std::string> feed();
    void keep_ticket();

    stream connection;
    std::unique_ptr<transport> service;
    const tls_engine* engine = nullptr; // of a TLS service
    tls_memory* memory = nullptr;       // of the one who asks
    bool asked_head_only = false;
    std::string failed_to_send;
    boost::beast::flat_buffer buffer{header_limit + piece_size};
    std::optional<parser> answer;
    bool at_end = false;
    std::string failed_to_read; // after what was read
};

client::client(asio::any_io_executor executor) : state_(std::make_unique<state>(executor)) {}

client::~client() = default;

asio::awaitable<std::string> client::connect(addresses choices, std::uint16_t port) {
    const auto error = co_await state_->connection.connect(std::move(choices), port);
    state_->service = std::make_unique<plain_transport>(state_->connection);
    co_return error ? in_words(error) : "";
}

asio::awaitable<std::string> client::connect(std::string path) {
    const stream::protocol::endpoint choice(asio::local::stream_protocol::endpoint{path});
    const auto error = co_await state_->connection.connect(choice);
    state_->service = std::make_unique<plain_transport>(state_->connection);
    co_return error ? in_words(error) : "";
}

asio::awaitable<std::string> client::secure(std::shared_ptr<const tls_context> context,
                                            std::string host, tls_memory& memory) {
    const bool resumes =
        memory.context == context && clock::now() - memory.last_verified < ticket_limit;
    const auto ticket = std::exchange(memory.ticket, nullptr); // for one connection only
    from_module<tls_engine> engine(
        context->connect(host.c_str(), resumes ? ticket.get() : nullptr));
    if (!engine)
        co_return "TLS: out of memory";
    auto service = std::make_unique<tls_transport>(state_->connection, std::move(engine));
    const auto shaken = co_await service->handshake();
    if (!shaken.error.empty())
        co_return shaken.error;
    if (!service->engine().resumed())
        memory.last_verified = clock::now();
    memory.context = std::move(context);
    state_->memory = &memory;
    state_->engine = &service->engine();
    state_->service = std::move(service);
    co_return "";
}

/// Servers send them after the handshake, RFC 8446 §4.6.1: with the response, it is here.
void client::state::keep_ticket() {
    if (engine != nullptr)
        memory->ticket.reset(engine->ticket());
}

asio::awaitable<std::string> client::send(request what) {
    state_->asked_head_only = what.method == "HEAD";
    const auto text = request_text(what);
    const auto sent = co_await state_->service->send(text);
    state_->failed_to_send = sent.error;
    state_->failed_to_read.clear(); // of the response before
    co_return sent.error;
}

void client::state::begin_response() {
    answer.emplace();
    answer->header_limit(header_limit);
    answer->body_limit(boost::none);
    answer->skip(asked_head_only);
}

asio::awaitable<std::expected<response, std::string>> client::receive() {
    auto& answer = state_->answer;
    bool interim = true;
    while (interim) {
        state_->begin_response();
        while (!answer->is_header_done()) {
            auto error = co_await state_->feed();
            if (!error.empty() && !state_->failed_to_send.empty())
                co_return std::unexpected(state_->failed_to_send);
            if (!error.empty())
                co_return std::unexpected(std::move(error));
        }
        interim = answer->get().result_int() / 100 == 1 &&
                  answer->get().result() != beast::status::switching_protocols;
    }
    state_->keep_ticket();
    co_return response_of(answer->get());
}

asio::awaitable<std::expected<std::string, std::string>> client::read(std::size_t most) {
    auto& answer = *state_->answer;
    std::string piece(std::min(most, piece_size), '\0');
    std::size_t count = 0;
    while (count == 0 && state_->failed_to_read.empty() && !answer.is_done()) {
        auto& body = answer.get().body();
        body.data = piece.data();
        body.size = piece.size();
        state_->failed_to_read = co_await state_->feed();
        count = piece.size() - body.size;
    }
    if (count == 0 && !state_->failed_to_read.empty())
        co_return std::unexpected(state_->failed_to_read);
    piece.resize(count);
    co_return piece;
}

bool client::reusable() const {
    const auto& answer = state_->answer;
    return answer && answer->is_done() && answer->keep_alive() && !state_->at_end &&
           state_->failed_to_read.empty() && state_->buffer.size() == 0 &&
           state_->connection.is_quiet();
}

/// Gives the parser more of the response, from the buffer or else from the service. What is wrong;
/// empty: nothing.
asio::awaitable<std::string> client::state::feed() {
    error_code error = beast::error::need_more;
    if (buffer.size() > 0)
        buffer.consume(answer->put(buffer.data(), error));
    if (error == beast::error::need_more && !at_end) {
        const auto space = buffer.prepare(piece_size);
        const std::span<char> room(static_cast<char*>(space.data()), space.size());
        const auto received = co_await service->receive(room);
        if (!received.error.empty())
            co_return received.error;
        buffer.commit(received.count);
        at_end = received.count == 0;
        error = {};
    }
    if (at_end && !error) {
        if (!answer->got_some())
            co_return "closed before the response";
        answer->put_eof(error);
    }
    if (error == beast::error::partial_message || error == beast::error::need_more)
        co_return "closed in the middle of the response";
    const bool wrong = error && error != beast::error::need_buffer;
    co_return wrong ? malformed(error) : "";
}

} // namespace herald::http
