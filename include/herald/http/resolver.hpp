#pragma once

#include "herald/http/lookups.hpp"

#include <boost/asio/execution_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace herald::http {

using addresses = std::vector<boost::asio::ip::address>;

/// Looks names up, for all that runs on one loop: a service of its context, in Asio's sense. A name
/// that takes long delays no other. While it is looked up again for longer than a moment, and when
/// no name server answers, its last addresses count.
class resolver final : public boost::asio::execution_context::service {
public:
    using key_type = resolver;
    static inline boost::asio::execution_context::id id;

    /// What a look-up found.
    struct found {
        addresses those;
        std::string error;       // for people; empty: none
        bool unanswered = false; // no name server could be asked
    };
    /// A call that may block.
    using look_up = std::function<found(const std::string& name)>;

    explicit resolver(boost::asio::execution_context& context);
    resolver(boost::asio::execution_context& context, look_up ask);

    /// The one of the executor's loop.
    static resolver& of(const boost::asio::any_io_executor& executor);

    /// The addresses of a host, which may be one. The error is a line for people.
    boost::asio::awaitable<std::expected<addresses, std::string>>
    resolve(boost::asio::any_io_executor executor, std::string host);

private:
    void shutdown() noexcept override { names_.reset(); }

    look_up ask_;
    std::optional<lookups<addresses>> names_;
};

} // namespace herald::http
