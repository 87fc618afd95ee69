#pragma once

#include "herald/peering/environment.hpp"
#include "herald/wire/framer.hpp"
#include "herald/wire/messages.hpp"
#include "herald/wire/open.hpp"
#include "herald/wire/update.hpp"
#include "tests/peering/fixed_links.hpp"
#include "tests/peering/manual_time.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <stdexcept>
#include <vector>

/// One neighbor's connections to its router, in memory: every step of them counted, and any one of
/// them made to fail.
namespace herald::peering::test {

/// Of the neighbor, and of the test itself.
inline void insist(bool holds) {
    if (!holds)
        throw std::logic_error("what a neighbor sends is not as it must be");
}

enum class io_step { connect, read, write, wait };

/// The step with this number fails. A write without an error takes one octet only.
struct io_fault {
    std::size_t at = 0;
    error_code error;
};

/// The router's end of one connection: it answers OPEN with OPEN, and KEEPALIVE with KEEPALIVE.
class router_end {
public:
    explicit router_end(boost::asio::io_context& context)
        : wake_(context, boost::asio::steady_timer::time_point::max()) {}

    void send(std::vector<std::uint8_t> message) {
        to_neighbor_.push_back(std::move(message));
        wake_.cancel();
    }
    void close() {
        closed_ = true;
        wake_.cancel();
    }
    /// The next octets for the neighbor, those of one message at most; none: it is to wait.
    std::optional<std::vector<std::uint8_t>> take() {
        if (to_neighbor_.empty())
            return std::nullopt;
        auto message = std::move(to_neighbor_.front());
        to_neighbor_.pop_front();
        return message;
    }
    bool closed() const { return closed_; }
    bool readable() const { return closed_ || !to_neighbor_.empty(); }
    boost::asio::steady_timer& wake() { return wake_; }

    void receive(wire::octets octets) {
        while (!octets.empty()) {
            const auto space = framer_.prepare();
            const auto count = std::min(space.size(), octets.size());
            std::ranges::copy(octets.first(count), space.begin());
            framer_.commit(count);
            octets = octets.subspan(count);
            for (auto next = framer_.next(); next.value(); next = framer_.next())
                answer(**next);
        }
    }

    std::vector<wire::message_type> heard;
    std::set<net::ip_prefix> routes;
    std::optional<wire::notification> notification;
    bool answers = true;

private:
    void answer(const wire::frame& frame) {
        heard.push_back(frame.type);
        switch (frame.type) {
        case wire::message_type::open:
            if (answers)
                send(wire::encode(wire::open_message{
                    64500,
                    90,
                    0xC6336401,
                    {wire::multiprotocol_capability{1, 1}, wire::multiprotocol_capability{2, 1},
                     wire::route_refresh_capability{}, wire::four_octet_as_capability{64500}}}));
            return;
        case wire::message_type::keepalive:
            if (answers)
                send(wire::encode_keepalive());
            return;
        case wire::message_type::update: return learn(frame.body);
        case wire::message_type::notification:
            notification = *wire::decode_notification(frame.body);
            return close();
        case wire::message_type::route_refresh: return;
        }
    }
    void learn(wire::octets body) {
        const auto checked = wire::check_update(body, {});
        insist(checked.has_value());
        const auto update = wire::decode_update(*checked, {});
        for (const auto& prefix : update.withdrawn)
            routes.erase(prefix);
        routes.insert(update.announced.begin(), update.announced.end());
    }

    std::deque<std::vector<std::uint8_t>> to_neighbor_;
    bool closed_ = false;
    boost::asio::steady_timer wake_;
    wire::framer framer_;
};

class scripted_network {
public:
    scripted_network(boost::asio::io_context& context, std::shared_ptr<time_source> time)
        : context_(context)
        , time_(std::move(time)) {}

    environment around() {
        return {context_.get_executor(), time_,
                [this](const neighbor_settings&) { return make_transport(); }, links};
    }
    /// The router dials.
    std::unique_ptr<transport> dialled_by_router();
    /// Of the newest connection.
    router_end& router() { return *routers_.back(); }
    std::shared_ptr<router_end> shared_router() { return routers_.back(); }
    /// Of every connection so far.
    const std::vector<std::shared_ptr<router_end>>& routers() const { return routers_; }
    void unblock() {
        blocked = false;
        for (const auto& each : routers_)
            each->wake().cancel();
    }

    std::shared_ptr<fixed_links> links = std::make_shared<fixed_links>();
    std::optional<io_fault> fault;
    std::size_t throws_at = 0;  // the step, the first being 1, for which memory is wanting
    bool connects = true;       // false: nobody answers
    bool refuses = false;       // connection refused
    bool router_answers = true; // to OPEN and KEEPALIVE
    bool block_once = false;    // the next write would block
    bool blocked = false;       // every write does, until it is unblocked
    std::vector<io_step> steps; // made so far
    std::vector<time_point> dials;
    std::size_t alive = 0; // transports that exist
    std::size_t unacknowledged = 0;
    std::optional<std::chrono::milliseconds> user_timeout;

private:
    class end;

    std::unique_ptr<transport> make_transport();
    /// The error with which this step fails, if it is the one to fail.
    std::optional<error_code> step(io_step which) {
        steps.push_back(which);
        if (steps.size() == throws_at)
            throw std::bad_alloc();
        const bool fails = fault && steps.size() == fault->at + 1;
        if (!fails || (which != io_step::write && !fault->error))
            return std::nullopt;
        return fault->error;
    }

    boost::asio::io_context& context_;
    std::shared_ptr<time_source> time_;
    std::vector<std::shared_ptr<router_end>> routers_;
};

/// The neighbor's end of one connection.
class scripted_network::end final : public transport {
public:
    explicit end(scripted_network& network) : network_(network) { ++network_.alive; }
    ~end() override {
        close();
        --network_.alive;
    }

    void begin() {
        router_ = std::make_shared<router_end>(network_.context_);
        router_->answers = network_.router_answers;
        network_.routers_.push_back(router_);
    }

    boost::asio::awaitable<error_code> connect() override {
        network_.dials.push_back(network_.time_->now());
        if (const auto error = network_.step(io_step::connect))
            co_return *error;
        if (network_.refuses)
            co_return boost::asio::error::connection_refused;
        begin();
        const auto mine = router_;
        while (!network_.connects && mine == router_)
            co_await wait_for(*mine);
        co_return mine == router_ ? error_code() : boost::asio::error::operation_aborted;
    }

    io_result read_some(std::span<std::uint8_t> into) override {
        if (const auto error = network_.step(io_step::read))
            return {*error, 0};
        if (router_ == nullptr)
            return {boost::asio::error::operation_aborted, 0};
        if (const auto message = router_->take()) {
            insist(message->size() <= into.size());
            std::ranges::copy(*message, into.begin());
            return {{}, message->size()};
        }
        if (router_->closed())
            return {boost::asio::error::eof, 0};
        return {boost::asio::error::would_block, 0};
    }

    boost::asio::awaitable<error_code> wait_readable() override {
        const auto mine = router_;
        while (mine && mine == router_ && !mine->readable())
            co_await wait_for(*mine);
        co_return error_code();
    }

    io_result write_some(std::span<const wire::octets> from) override {
        const auto error = network_.step(io_step::write);
        if (error && *error)
            return {*error, 0};
        if (network_.blocked || std::exchange(network_.block_once, false))
            return {boost::asio::error::would_block, 0};
        insist(router_ != nullptr);
        if (error) {
            router_->receive(from.front().first(1));
            return {{}, 1};
        }
        std::size_t count = 0;
        for (const auto octets : from) {
            router_->receive(octets);
            count += octets.size();
        }
        return {{}, count};
    }

    boost::asio::awaitable<error_code> wait_writable() override {
        co_await boost::asio::post(network_.context_, boost::asio::use_awaitable);
        if (const auto error = network_.step(io_step::wait))
            co_return *error;
        const auto mine = router_;
        while (network_.blocked && mine && mine == router_)
            co_await wait_for(*mine);
        co_return error_code();
    }

    void shutdown_send() override {}
    void set_user_timeout(std::chrono::milliseconds timeout) override {
        network_.user_timeout = timeout;
    }
    void close() final {
        if (const auto was = std::exchange(router_, nullptr))
            was->close();
    }
    std::size_t unacknowledged() const override { return network_.unacknowledged; }
    int descriptor() const override { return -1; }
    boost::asio::ip::address local_address() const override {
        return boost::asio::ip::make_address("127.0.0.1");
    }

private:
    static boost::asio::awaitable<void> wait_for(router_end& router) {
        co_await router.wake().async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }

    scripted_network& network_;
    std::shared_ptr<router_end> router_; // while connected
};

inline std::unique_ptr<transport> scripted_network::dialled_by_router() {
    auto made = std::make_unique<end>(*this);
    made->begin();
    return made;
}

inline std::unique_ptr<transport> scripted_network::make_transport() {
    return std::make_unique<end>(*this);
}

} // namespace herald::peering::test
