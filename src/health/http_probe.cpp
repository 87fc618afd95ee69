#include "results.hpp"

#include "herald/http/client.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

namespace herald::health {

namespace asio = boost::asio;

namespace {

http::request request_of(const http_settings& settings) {
    return {settings.method, settings.url.target, host_field(settings.url), settings.headers};
}

/// "503 Service Unavailable", and where a redirect leads.
std::string status_text(const http::response& head) {
    auto text = fmt::format("{} {}", head.status, head.reason);
    if (head.status / 100 == 3 && !head.location.empty())
        text += fmt::format(" to {}", head.location);
    return text;
}

bool is_expected(const std::vector<status_range>& ranges, unsigned status) {
    return std::ranges::any_of(ranges, [status](const status_range& range) {
        return range.first <= status && status <= range.last;
    });
}

/// What went wrong, if anything did.
using problem = std::optional<probe_result>;

asio::awaitable<problem> connect(const http_address& to, http::client& service, run_state& state) {
    std::string error;
    if (!to.path.empty()) {
        state.at = fmt::format("connecting to {}", to.path);
        error = co_await service.connect(to.path);
    } else {
        probe_result failure;
        auto choices = co_await resolve(to.host, state, failure);
        if (choices.empty())
            co_return failure;
        state.at = "connecting";
        error = co_await service.connect(std::move(choices), to.port);
    }
    co_return error.empty() ? problem() : failed(error);
}

asio::awaitable<problem> secure(const http_settings& settings, http::client& service,
                                run_state& state) {
    state.at = "loading TLS and its authorities";
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const http::tls_trust trust{settings.verify, settings.ca_file};
    auto authorities = co_await http::tls_contexts::of(executor).get(executor, trust);
    if (!authorities)
        co_return could_not_run(authorities.error());
    state.at = "in the TLS handshake";
    const auto error = co_await service.secure(authorities->context, settings.url.host, state.tls);
    co_return error.empty() ? problem() : failed(error);
}

asio::awaitable<probe_result> search(const std::string& expected, const std::string& status,
                                     http::client& service, run_state& state) {
    std::string content;
    bool whole = false;
    while (!whole && content.size() < search_limit) {
        state.at = fmt::format("reading the content, {} octets so far", content.size());
        const auto piece = co_await service.read(search_limit - content.size());
        if (!piece)
            co_return failed(fmt::format("in the content: {}", piece.error()));
        // It may have begun at the end of what came before.
        const auto from = content.size() - std::min(content.size(), expected.size() - 1);
        content += *piece;
        whole = piece->empty();
        if (content.find(expected, from) != std::string::npos)
            co_return passed(status);
    }
    co_return failed(whole ? fmt::format("the content lacks \"{}\"", expected)
                           : fmt::format("the first {} octets of the content lack \"{}\"",
                                         search_limit, expected));
}

asio::awaitable<probe_result> ask(const http_settings& settings, http::client& service,
                                  run_state& state) {
    state.at = "sending the request";
    auto request = request_of(settings);
    // A service that refuses early has answered and closed before it took the request.
    co_await service.send(std::move(request));
    state.at = "waiting for the response";
    const auto head = co_await service.receive();
    if (!head)
        co_return failed(head.error());
    const auto status = status_text(*head);
    if (!is_expected(settings.expect_status, head->status))
        co_return failed(fmt::format("answered {}", status));
    if (settings.expect_body.empty())
        co_return passed(status);
    co_return co_await search(settings.expect_body, status, service, state);
}

} // namespace

asio::awaitable<probe_result> run(const http_settings& settings, run_state& state) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    http::client service(executor);
    auto wrong = co_await connect(settings.connect_to, service, state);
    if (!wrong && settings.url.tls)
        wrong = co_await secure(settings, service, state);
    if (wrong)
        co_return *std::move(wrong);
    co_return co_await ask(settings, service, state);
}

} // namespace herald::health
