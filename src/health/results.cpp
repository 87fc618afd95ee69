#include "results.hpp"

#include "herald/health/last_line.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

namespace herald::health {

namespace asio = boost::asio;

probe_result passed(const std::string& output) {
    probe_result result;
    result.outcome = verdict::pass;
    result.output = printable(output);
    return result;
}

probe_result failed(const std::string& output) {
    probe_result result;
    result.output = printable(output);
    return result;
}

probe_result could_not_run(const std::string& output) {
    auto result = failed(output);
    result.could_run = false;
    return result;
}

asio::awaitable<http::addresses> resolve(std::string host, run_state& state,
                                         probe_result& failure) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    state.at = fmt::format("resolving {}", host);
    auto found = co_await http::resolver::of(executor).resolve(executor, std::move(host));
    if (found)
        co_return *std::move(found);
    failure = could_not_run(found.error());
    co_return http::addresses{};
}

std::string run_state::progress() const {
    return at.empty() && child ? child->last_output() : printable(at);
}

} // namespace herald::health
