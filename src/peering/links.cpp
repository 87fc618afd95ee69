#include "herald/peering/links.hpp"

#include "link_socket.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <optional>
#include <utility>

namespace herald::peering {

namespace asio = boost::asio;
using boost::system::error_code;

struct links::impl : std::enable_shared_from_this<impl> {
    impl(const asio::any_io_executor& loop, time_source& time)
        : executor(loop)
        , readable(loop)
        , retry(time.make_alarm())
        , clock(time) {}
    ~impl() {
        if (worker)
            worker->join();
        hang_up();
    }

    asio::any_io_executor executor;
    std::optional<link_socket> socket; // that is told
    asio::posix::stream_descriptor readable;
    std::unique_ptr<alarm_clock> retry;
    time_source& clock;
    link_tracker tracker;
    std::function<void()> changed;
    bool telling = false; // a call of changed() is on its way
    bool closed = false;
    std::optional<asio::thread_pool> worker; // from the first question on that could not wait

    error_code subscribe();
    void hang_up();
    void follow();
    enum class reading : std::uint8_t { some, all };
    void read(reading how_much);
    void ask();
    void answered(const link_list& all);
    void try_later();
    void try_again();
    void tell(bool has_changed);
};

error_code links::impl::subscribe() {
    auto opened = link_socket::open_for_changes();
    if (!opened)
        return opened.error();
    error_code error;
    readable.assign(opened->native(), error);
    if (error)
        return error;
    socket = *std::move(opened);
    follow();
    return {};
}

void links::impl::hang_up() {
    if (readable.is_open())
        readable.release(); // the descriptor is the socket's
    socket.reset();
}

/// Again and again, as long as it is open.
void links::impl::follow() {
    readable.async_wait(asio::posix::stream_descriptor::wait_read,
                        [weak = weak_from_this()](error_code error) {
                            const auto self = weak.lock();
                            if (error || !self || !self->socket)
                                return;
                            self->read(reading::some);
                            if (!self->socket)
                                return;
                            self->follow();
                            if (self->tracker.must_ask())
                                self->ask();
                        });
}

/// A turn of the loop is short; the rest is there in the next one.
void links::impl::read(reading how_much) {
    constexpr int enough = 256;
    bool has_changed = false;
    for (int count = 0; how_much == reading::all || count < enough; ++count) {
        const auto report = socket->receive();
        if (report) {
            has_changed = tracker.told(*report) || has_changed;
            continue;
        }
        if (report.error() == asio::error::would_block)
            break;
        tracker.lost();
        if (report.error() == asio::error::no_buffer_space)
            continue; // what is there still counts
        hang_up();
        try_later();
        break;
    }
    tell(has_changed);
}

void links::impl::ask() {
    tracker.asking();
    if (!worker)
        worker.emplace(1);
    auto back = asio::prefer(executor, asio::execution::outstanding_work.tracked);
    asio::post(*worker, [back = std::move(back), weak = weak_from_this()]() mutable {
        auto all = link_socket::list_all();
        asio::post(back, [weak, all = std::move(all)] {
            if (const auto self = weak.lock(); self && !self->closed)
                self->answered(all);
        });
    });
}

/// What the kernel told before it answered is read first: it may be older than the answer.
void links::impl::answered(const link_list& all) {
    if (socket)
        read(reading::all);
    tell(tracker.answered(all));
    if (!all || !socket)
        return try_later();
    if (tracker.must_ask())
        ask();
}

void links::impl::try_later() {
    retry->set(clock.now() + retry_time, [this] { try_again(); });
}

void links::impl::try_again() {
    if (!socket)
        if (const auto error = subscribe()) {
            tell(tracker.unanswered(error));
            return try_later();
        }
    if (tracker.must_ask())
        ask();
}

void links::impl::tell(bool has_changed) {
    if (!has_changed || !changed || std::exchange(telling, true))
        return;
    asio::post(executor, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self)
            return;
        self->telling = false;
        if (const auto call = self->changed) // which may put another in its place
            call();
    });
}

links::links(const asio::any_io_executor& executor, time_source& time)
    : impl_(std::make_shared<impl>(executor, time)) {}

links::~links() {
    close();
}

void links::start() {
    auto& self = *impl_;
    auto error = self.subscribe();
    if (!error) {
        self.tracker.asking();
        return self.answered(link_socket::list_all());
    }
    self.tell(self.tracker.unanswered(error));
    self.try_later();
}

void links::exclude(std::set<asio::ip::address> addresses) {
    impl_->tell(impl_->tracker.exclude(std::move(addresses)));
}

void links::close() {
    impl_->closed = true;
    impl_->changed = nullptr;
    impl_->retry->cancel();
    impl_->hang_up();
}

bool links::on_link(const asio::ip::address& address) const {
    return impl_->tracker.on_link(address);
}

std::optional<link_state> links::link(std::string_view name) const {
    return impl_->tracker.link(name);
}

bgp::interface_addresses links::beside(const asio::ip::address& local) const {
    return impl_->tracker.beside(local);
}

void links::on_change(std::function<void()> changed) {
    impl_->changed = std::move(changed);
}

} // namespace herald::peering
