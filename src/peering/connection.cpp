#include "herald/peering/connection.hpp"

#include "herald/peering/neighbor.hpp"
#include "herald/peering/spawn.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace herald::peering {

namespace asio = boost::asio;

namespace {

/// How long a closing connection may take to write the rest and to be closed by the peer.
constexpr std::chrono::seconds closing_time{1};
/// What still arrives on a closing connection is read in pieces of this size, and dropped.
constexpr std::size_t dropped_size = 4096;

} // namespace

connection::connection(const environment& environment, std::unique_ptr<transport> transport,
                       neighbor& owner, bgp::connection_id id)
    : executor_(environment.executor)
    , time_(environment.time)
    , transport_(std::move(transport))
    , owner_(&owner)
    , id_(id)
    , closing_count_(environment.closing) {}

void connection::dial() {
    spawn(executor_, dial(shared_from_this()));
}

asio::awaitable<void> connection::dial(std::shared_ptr<connection> self) {
    co_await asio::post(executor_, asio::use_awaitable); // the event under way is done by then
    if (owner_ == nullptr)
        co_return finish();
    const auto error = co_await transport_->connect();
    if (owner_ == nullptr)
        co_return finish();
    if (error)
        co_return failed(error);
    connected_ = true;
    owner_->connected(id_);
    co_await read_loop(std::move(self));
}

void connection::read() {
    spawn(executor_, read_loop(shared_from_this()));
}

asio::awaitable<void> connection::read_loop([[maybe_unused]] std::shared_ptr<connection> self) {
    while (!closed_) {
        const auto into =
            owner_ != nullptr ? owner_->input(id_) : std::span<std::uint8_t>(dropped_);
        const auto [error, count] = transport_->read_some(into);
        if (error == asio::error::would_block) {
            co_await transport_->wait_readable(); // if it fails, reading does too, and says why
            continue;
        }
        if (error)
            co_return failed(error);
        if (owner_ != nullptr)
            owner_->received(id_, count);
        if (count == into.size()) // there may be more, after others had their turn
            co_await asio::post(executor_, asio::use_awaitable);
        else
            co_await transport_->wait_readable();
    }
}

void connection::flush() {
    while (!writing_ && !failed_ && !closed_) {
        const auto octets = output();
        if (octets.empty())
            break;
        const auto written = transport_->write_some(octets);
        if (written.error == asio::error::would_block) {
            writing_ = true;
            return spawn(executor_, write_later(shared_from_this()));
        }
        if (written.error) {
            failed_ = true; // told in a turn of its own: an event may be under way
            return asio::post(executor_, [self = shared_from_this(), error = written.error] {
                self->failed(error);
            });
        }
        wrote(written.count);
    }
    if (owner_ == nullptr && !closed_ && rest_.empty())
        transport_->shutdown_send();
}

std::span<const wire::octets> connection::output() {
    if (owner_ != nullptr)
        return owner_->output(id_);
    rest_octets_ = rest_;
    return std::span(&rest_octets_, rest_.empty() ? 0 : 1);
}

void connection::wrote(std::size_t count) {
    if (owner_ != nullptr)
        return owner_->wrote(id_, count);
    rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(count));
}

asio::awaitable<void> connection::write_later([[maybe_unused]] std::shared_ptr<connection> self) {
    co_await transport_->wait_writable();
    writing_ = false;
    flush(); // where waiting failed, writing does too, and says why
}

void connection::close(std::vector<std::uint8_t> rest) {
    owner_ = nullptr;
    rest_ = std::move(rest);
    if (!connected_ || failed_)
        return finish();
    // A close with unread input would be a reset, and the peer might never see the NOTIFICATION:
    // the read loop goes on until the peer has closed too, for a bounded time.
    dropped_.resize(dropped_size);
    ++*closing_count_;
    closing_alarm_ = time_->make_alarm();
    closing_alarm_->set(time_->now() + closing_time,
                        [self = shared_from_this()] { self->finish(); });
    flush();
}

/// The peer may have given up the connection meanwhile.
void connection::failed(error_code error) {
    failed_ = true;
    if (owner_ != nullptr)
        return owner_->failed(id_, error);
    finish();
}

void connection::finish() {
    if (std::exchange(closed_, true))
        return;
    rest_.clear();
    if (closing_alarm_) {
        closing_alarm_->cancel();
        --*closing_count_;
    }
    transport_->close();
}

} // namespace herald::peering
