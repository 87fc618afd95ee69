#include "herald/http/tls.hpp"

#include <boost/asio/execution.hpp>
#include <boost/asio/query.hpp>
#include <utility>

namespace herald::http {

namespace asio = boost::asio;

namespace {

constexpr std::size_t most_files_read = 2;

using answer = lookups<tls_authorities>::answer;

/// False: one of them is not there.
bool read_times(const tls_trust& trust, tls_authorities& into) {
    auto time = into.written.begin();
    for (const auto* file : {&trust.ca_file, &trust.cert_file, &trust.key_file}) {
        std::error_code gone;
        if (!file->empty())
            *time = std::filesystem::last_write_time(*file, gone);
        if (gone)
            return false;
        ++time;
    }
    return true;
}

answer read_authorities(const tls_trust& trust, const std::optional<tls_authorities>& last) {
    const auto module = loaded_module<tls_interface>("herald-tls.so");
    if (!module)
        return std::unexpected(module.error());
    tls_authorities now;
    const bool there = read_times(trust, now);
    if (last && (!there || now.written == last->written))
        return *last;
    module_text error;
    from_module<tls_context> made((*module)->make_context(
        trust.verify, {trust.ca_file.c_str(), trust.cert_file.c_str(), trust.key_file.c_str()},
        error));
    if (made) {
        now.context = std::move(made);
        return now;
    }
    if (last) // they may be half written
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
    auto which = trust.verify ? trust.ca_file : std::string("any certificate will do");
    for (const auto& own : {trust.cert_file, trust.key_file})
        which.append(1, '\0').append(own);
    co_return co_await known_->get(std::move(executor), which, std::move(read));
}

} // namespace herald::http
