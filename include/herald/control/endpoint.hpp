#pragma once

#include "herald/control/later.hpp"
#include "herald/control/limits.hpp"
#include "herald/control/operations.hpp"
#include "herald/control/reply_budget.hpp"
#include "herald/control/turnstile.hpp"
#include "herald/control/wait_condition.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace herald::control {

/// What was asked, apart from the socket.
struct request {
    std::string method;
    std::string target; // RFC 9112 §3.2: path and query, or a whole URL
    std::string body = {};
    std::string host = {};   // RFC 9110 §7.2; may be empty
    bool by_browser = false; // its header is like a browser's
    bool fleet_lock = false; // its header has "fleet-lock-protocol: true"
};

/// Who asks.
enum class audience : std::uint8_t {
    operators, // those whom the control socket's file admits
    everyone,  // anyone who can reach the open listener
    agent,     // this node's own, which asks whether it may be rebooted: FleetLock
    probes,    // anyone, when all places there are taken: only probes are answered
};

/// What the endpoints of a listening socket work with.
struct backend {
    backend(boost::asio::any_io_executor loop, operations& what, const limits& limited)
        : executor(std::move(loop))
        , daemon(&what)
        , bounds(limited)
        , budget(std::make_shared<reply_budget>(limited.replies, limited.small_reply)) {}

    boost::asio::any_io_executor executor;
    operations* daemon; // none once the server is gone
    limits bounds;
    std::vector<std::string> hosts; // names by which browsers may ask, beside the usual ones
    wait_list waits;
    std::shared_ptr<reply_budget> budget;
    // Long lists are made one at a time, so that those half made are not many.
    std::shared_ptr<turnstile> lists = std::make_shared<turnstile>();
};

/// The client at the other end, as far as an endpoint cares.
class asker {
public:
    virtual ~asker() = default;
    /// What the answer waits for: it is given up when the client is cut; with `until_it_leaves`
    /// also when the client closes its side.
    virtual void waits_for(std::weak_ptr<pending> what, bool until_it_leaves) = 0;
};

/// One request, as an endpoint sees it. After every wait the daemon may be gone.
struct call {
    std::shared_ptr<backend> behind;
    asker& client;
    audience who = audience::operators;
    std::optional<std::uint32_t> user; // as the kernel has it; none over TCP
    std::vector<std::string> names;    // what stood for the stars of the path's pattern
    std::vector<parameter> parameters;
    std::string body;
    bool fleet_lock = false; // as of the request

    operations& daemon() const { return *behind->daemon; }
    bool is_over() const { return behind->daemon == nullptr; }
};

using answering = boost::asio::awaitable<response>;

} // namespace herald::control
