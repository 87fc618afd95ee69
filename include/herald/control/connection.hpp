#pragma once

#include "herald/control/http.hpp"
#include "herald/control/later.hpp"
#include "herald/control/limits.hpp"
#include "herald/control/operations.hpp"
#include "herald/control/routing.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace herald::control {

class connection;

/// A request that waits for its condition.
struct waiting {
    wait_request request;
    // Owned by the coroutine that waits.
    std::weak_ptr<later<response>> answer;
};

/// What the connections of a listening socket share.
struct hub {
    operations* daemon = nullptr; // none once the server is gone
    limits bounds;
    audience who = audience::operators;
    bool stopping = false;
    std::set<connection*> connections;
    std::set<connection*> readers; // of events, among them
    std::vector<waiting> waits;
};

/// One client: reads a request, has it answered, and again, until either side is done.
class connection : public std::enable_shared_from_this<connection> {
public:
    using socket = boost::asio::generic::stream_protocol::socket;

    connection(std::shared_ptr<hub> shared, socket client);
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    ~connection();

    static boost::asio::awaitable<void> run(std::shared_ptr<connection> self);

    /// Closes it unless a request is being answered.
    void stop();
    /// Closes it whatever happens.
    void cut();
    /// Events for one that reads them, as lines; one that has not taken too many before is cut.
    void tell(std::string_view lines);

private:
    boost::asio::awaitable<bool> serve();
    boost::asio::awaitable<boost::system::error_code> read(request_parser& parser);
    boost::asio::awaitable<void> invite(request_parser& parser, boost::system::error_code& error);
    boost::asio::awaitable<void> turn_away(boost::system::error_code error);
    boost::asio::awaitable<bool> write(std::string bytes);
    boost::asio::awaitable<void> linger();

    boost::asio::awaitable<bool> reply(const request& asked, framing frame);
    boost::asio::awaitable<void> follow();
    boost::asio::awaitable<response> answer(const request& asked);
    boost::asio::awaitable<response> perform(response ready);
    boost::asio::awaitable<response> perform(drain_request wanted);
    boost::asio::awaitable<response> perform(undrain_request wanted);
    boost::asio::awaitable<response> perform(const neighbor_request& wanted);
    boost::asio::awaitable<response> perform(reload_request wanted);
    boost::asio::awaitable<response> perform(const log_request& wanted);
    boost::asio::awaitable<response> perform(restart_request wanted);
    boost::asio::awaitable<response> perform(report_request told);
    boost::asio::awaitable<response> perform(wait_request wanted);
    boost::asio::awaitable<response> changed();
    /// Shows what has been done; not called with a refusal.
    template <typename Value>
    using showing =
        std::function<response(const operations&, const std::expected<Value, refusal>&)>;
    template <typename Value>
    reply_to<Value> answer_to(showing<Value> show);
    void watch_for_departure(std::function<void()> gone);

    void arm(std::chrono::milliseconds bound);
    void disarm();
    void be_late();

    std::shared_ptr<hub> hub_;
    socket socket_;
    boost::beast::flat_buffer buffer_;
    boost::asio::steady_timer deadline_;
    std::uint64_t generation_ = 0; // of the deadline; what an older one brings is stale
    bool late_ = false;
    bool reading_ = true; // a request, rather than answering one
    bool first_ = true;   // request on this connection
    std::shared_ptr<later<response>> pending_;
    std::string untold_;             // events for a reader of them
    boost::asio::steady_timer told_; // cancelled when there is one, or no more to come
    bool streaming_ = false;
};

} // namespace herald::control
