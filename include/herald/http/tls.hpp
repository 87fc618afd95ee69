#pragma once

#include "herald/http/lookups.hpp"
#include "herald/http/tls_interface.hpp"

#include <array>
#include <boost/asio/execution_context.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace herald::http {

/// Which certificates will do, and which is ours. Files are PEM.
struct tls_trust {
    bool verify = true;         // the certificate: its chain, its dates and its name
    std::string ca_file;        // empty: the system's authorities
    std::string cert_file = {}; // ours, and its chain; empty: none
    std::string key_file = {};  // of our certificate
    friend bool operator==(const tls_trust&, const tls_trust&) = default;
};

/// What was in the files, as it was when they were written.
struct tls_authorities {
    std::shared_ptr<const tls_context> context;
    std::array<std::filesystem::file_time_type, 3> written; // in the order of tls_files
};

/// The TLS contexts of all that runs on one loop, one for each trust: a service of its context, in
/// Asio's sense. Its files are read again when one was replaced; until what is there can be read,
/// the former ones count.
class tls_contexts final : public boost::asio::execution_context::service {
public:
    using key_type = tls_contexts;
    static inline boost::asio::execution_context::id id;

    explicit tls_contexts(boost::asio::execution_context& context);

    /// The one of the executor's loop.
    static tls_contexts& of(const boost::asio::any_io_executor& executor);

    /// The error is a line for people.
    boost::asio::awaitable<lookups<tls_authorities>::answer>
    get(boost::asio::any_io_executor executor, const tls_trust& trust);

private:
    void shutdown() noexcept override { known_.reset(); }

    std::optional<lookups<tls_authorities>> known_;
};

/// What one client's connections leave for the next.
struct tls_memory {
    from_module<tls_ticket> ticket;
    std::shared_ptr<const tls_context> context;          // that it is of
    std::chrono::steady_clock::time_point last_verified; // when a certificate was seen
};

} // namespace herald::http
