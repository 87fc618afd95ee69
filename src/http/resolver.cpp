#include "herald/http/resolver.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/query.hpp>
#include <cctype>
#include <fmt/format.h>
#include <utility>

namespace herald::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t most_names_asked = 8; // so many may hang before others wait for them

/// As the host does, getaddrinfo(3).
resolver::found ask_the_system(const std::string& name) {
    asio::io_context context{1};
    asio::ip::tcp::resolver system(context);
    error_code error;
    resolver::found result;
    for (const auto& entry : system.resolve(name, "", error))
        result.those.push_back(entry.endpoint().address());
    result.unanswered = error == asio::error::host_not_found_try_again;
    if (error)
        result.error = in_words(error);
    return result;
}

} // namespace

std::string in_words(const error_code& error) {
    auto text = error.message();
    if (!text.empty())
        text.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(text.front())));
    return text;
}

resolver::resolver(asio::execution_context& context) : resolver(context, ask_the_system) {}

resolver::resolver(asio::execution_context& context, look_up ask)
    : service(context)
    , ask_(std::move(ask))
    , names_(std::in_place, most_names_asked) {}

resolver& resolver::of(const asio::any_io_executor& executor) {
    return asio::use_service<resolver>(asio::query(executor, asio::execution::context));
}

asio::awaitable<std::expected<addresses, std::string>>
resolver::resolve(asio::any_io_executor executor, std::string host) {
    error_code no_address;
    const auto literal = asio::ip::make_address(host, no_address);
    if (!no_address)
        co_return addresses(1, literal);
    lookups<addresses>::call find =
        [ask = ask_, host](const std::optional<addresses>& last) -> lookups<addresses>::answer {
        auto answer = ask(host);
        if (answer.error.empty())
            return std::move(answer.those);
        if (answer.unanswered && last)
            return *last;
        return std::unexpected(fmt::format("cannot resolve {}: {}", host, answer.error));
    };
    co_return co_await names_->get(std::move(executor), host, std::move(find));
}

} // namespace herald::http
