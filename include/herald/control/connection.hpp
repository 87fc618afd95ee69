#pragma once

#include "herald/control/endpoint.hpp"
#include "herald/control/http.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace herald::control {

class connection;

/// What the connections of a listening socket share.
struct hub {
    hub(std::shared_ptr<backend> what, audience whose) : behind(std::move(what)), who(whose) {}

    std::shared_ptr<backend> behind;
    audience who;
    bool stopping = false;
    std::set<connection*> connections;
    std::set<connection*> extra;   // beyond those that there are places for: maybe probes
    std::set<connection*> readers; // of events, among the connections
};

/// One client: reads a request, has it answered, and again, until either side is done.
class connection : public std::enable_shared_from_this<connection>, private asker {
public:
    using socket = boost::asio::generic::stream_protocol::socket;

    /// `who`: that of the hub, or probes.
    connection(std::shared_ptr<hub> shared, socket client, audience who);
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    ~connection() override;

    static boost::asio::awaitable<void> run(std::shared_ptr<connection> self);

    /// Closes it unless a request is being answered; else after that.
    void stop();
    /// Closes it whatever happens.
    void cut();
    /// Closes it for another, with a refusal if its request has not come.
    void make_room();
    /// Events for one that reads them, as lines; one that has not taken too many before is cut.
    void tell(std::string_view lines);

    std::chrono::steady_clock::time_point since() const { return since_; }
    /// Whether it is being answered, other than by events as they come, or has just come and is
    /// about to ask.
    bool is_busy() const;
    /// Whether a reply waits for the client to take it.
    bool holds_reply() const { return held_.size() > 0; }

private:
    void waits_for(std::weak_ptr<pending> what, bool until_it_leaves) override;

    boost::asio::awaitable<bool> serve();
    boost::asio::awaitable<boost::system::error_code> read(request_parser& parser);
    boost::asio::awaitable<void> invite(request_parser& parser, boost::system::error_code& error);
    boost::asio::awaitable<void> turn_away(response why);
    boost::asio::awaitable<bool> write(std::string header, std::string content);
    boost::asio::awaitable<void> linger();

    boost::asio::awaitable<bool> reply(request asked, framing frame);
    boost::asio::awaitable<response> answer_to(request asked);
    boost::asio::awaitable<void> follow();
    void hold(response& ready);
    void watch_for_departure(std::function<void()> gone);

    void arm(std::chrono::milliseconds bound);
    void disarm();
    void be_late();

    std::shared_ptr<hub> hub_;
    socket socket_;
    audience who_;
    std::optional<std::uint32_t> user_; // of the process at the other end
    boost::beast::flat_buffer buffer_;
    boost::asio::steady_timer deadline_;
    std::uint64_t generation_ = 0; // of the deadline; what an older one brings is stale
    bool late_ = false;
    bool reading_ = true; // a request, rather than answering one
    bool first_ = true;   // request on this connection
    bool last_ = false;   // as well
    bool watched_ = false;
    std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now(); // so
    reply_share held_;
    std::weak_ptr<pending> pending_;
    std::string untold_;             // events for a reader of them
    boost::asio::steady_timer told_; // cancelled when there is one, or no more to come
    bool streaming_ = false;
};

/// Answers with 503 without waiting: what cannot be written now is dropped.
void refuse_one_more(connection::socket& client);

} // namespace herald::control
