#include "herald/http/tls.hpp"

#include <boost/asio/execution.hpp>
#include <boost/asio/query.hpp>
#include <utility>

namespace herald::http {

namespace asio = boost::asio;

namespace {

constexpr std::size_t most_files_read = 2;

using answer = lookups<tls_authorities>::answer;

answer read_authorities(const tls_trust& trust, const std::optional<tls_authorities>& last) {
    const auto module = loaded_module<tls_interface>("herald-tls.so");
    if (!module)
        return std::unexpected(module.error());
    std::error_code gone;
    const auto written = trust.ca_file.empty()
                             ? std::filesystem::file_time_type{}
                             : std::filesystem::last_write_time(trust.ca_file, gone);
    if (last && (gone || written == last->written))
        return *last;
    module_text error;
    from_module<tls_context> made(
        (*module)->make_context(trust.verify, trust.ca_file.c_str(), error));
    if (made)
        return tls_authorities{std::move(made), written};
    if (last) // it may be half written
        return *last;
    return std::unexpected(error.get());
}

} // namespace

tls_contexts::tls_contexts(asio::execution_context& context)
    : service(context)
    , known_(std::in_place, most_files_read) {}

tls_contexts& tls_contexts::of(const asio::any_io_executor& executor) {
    return asio::use_service<tls_contexts>(asio::query(executor, asio::execution::context));
}

asio::awaitable<answer> tls_contexts::get(asio::any_io_executor executor, const tls_trust& trust) {
    lookups<tls_authorities>::call read =
        [trust](const std::optional<tls_authorities>& last) -> answer {
        return read_authorities(trust, last);
    };
    // A path is absolute, or empty for the authorities of the system.
    const auto which = trust.verify ? trust.ca_file : std::string("any certificate will do");
    co_return co_await known_->get(std::move(executor), which, std::move(read));
}

} // namespace herald::http
