#include "herald/service/kernel_addresses.hpp"

#include "netlink_addresses.hpp"

#include <array>
#include <boost/asio/execution.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <future>
#include <linux/rtnetlink.h>
#include <map>
#include <net/if.h>
#include <netlink/errno.h>
#include <optional>
#include <utility>

namespace herald::service {

namespace asio = boost::asio;
namespace ip = boost::asio::ip;

struct kernel_addresses::impl : std::enable_shared_from_this<impl> {
    explicit impl(const asio::any_io_executor& loop) : executor(loop), events_ready(loop) {}
    ~impl() {
        if (worker)
            worker->join();
        events_ready.release(); // the descriptor is the socket's
    }

    asio::any_io_executor executor;
    netlink::owned<nl_sock> events; // null: not open
    asio::posix::stream_descriptor events_ready;
    netlink::address_map addresses;
    std::map<int, std::string> names; // of interfaces, as asked for since the kernel last told
    bool lost = false;                // some changes were not heard of
    bool asking = false;              // for all addresses
    std::vector<netlink::address_change> meanwhile; // while asking
    std::function<void()> changed;
    netlink::owned<nl_sock> requests;        // the worker's
    std::optional<asio::thread_pool> worker; // from the first request on

    std::expected<void, std::string> open();
    void follow();
    const std::string& name_of(int interface);
    void read();
    void ask_for_all();
    template <typename Request, typename Done>
    void request(Request make, Done done);
    static int message_came(nl_msg* message, void* self);
};

/// All or nothing: what fails can be tried again.
std::expected<void, std::string> kernel_addresses::impl::open() {
    auto told = netlink::connect();
    auto asked = netlink::connect();
    if (!told || !asked)
        return std::unexpected(told ? asked.error() : told.error());
    nl_socket_disable_seq_check(told->get()); // nobody asked for what is told
    nl_socket_modify_cb(told->get(), NL_CB_VALID, NL_CB_CUSTOM, message_came, this);
    if (auto error =
            nl_socket_add_memberships(told->get(), RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, 0);
        error < 0)
        return netlink::failure("cannot follow the kernel's addresses", error);
    if (auto error = nl_socket_set_nonblocking(told->get()); error < 0)
        return netlink::failure("cannot follow the kernel's addresses", error);
    auto all = netlink::all_addresses(asked->get());
    if (!all)
        return std::unexpected(all.error());
    boost::system::error_code error;
    events_ready.assign(nl_socket_get_fd(told->get()), error);
    if (error)
        return std::unexpected("cannot follow the kernel's addresses: " + error.message());
    addresses = *std::move(all);
    events = *std::move(told);
    requests = *std::move(asked);
    return {};
}

int kernel_addresses::impl::message_came(nl_msg* message, void* self) {
    auto& mine = *static_cast<impl*>(self);
    for (auto& change : netlink::changes_in(message)) {
        netlink::apply(mine.addresses, change);
        if (mine.asking)
            mine.meanwhile.push_back(std::move(change));
    }
    return NL_OK;
}

void kernel_addresses::impl::read() {
    int error = 0;
    names.clear();
    while (error != -NLE_AGAIN) {
        error = nl_recvmsgs_default(events.get());
        // ENOBUFS (libnl calls it so) and whatever else could not be read: some were not heard of.
        lost = lost || (error < 0 && error != -NLE_AGAIN);
        if (error < 0 && error != -NLE_AGAIN && error != -NLE_NOMEM)
            break;
    }
    if (lost && !asking)
        ask_for_all();
}

/// What is told while the kernel is asked may be older or newer than the answer: told once more on
/// top of it, in order, it ends as it is.
void kernel_addresses::impl::ask_for_all() {
    asking = true;
    lost = false;
    request(netlink::all_addresses, [this](std::expected<netlink::address_map, std::string> all) {
        asking = false;
        const auto told = std::exchange(meanwhile, {});
        if (!all) {
            lost = true; // it is asked for again with the next that is heard
            return;
        }
        addresses = *std::move(all);
        for (const auto& change : told)
            netlink::apply(addresses, change);
        if (lost)
            ask_for_all();
    });
}

/// Empty: it is gone.
const std::string& kernel_addresses::impl::name_of(int interface) {
    const auto [at, unknown] = names.try_emplace(interface);
    std::array<char, IF_NAMESIZE> name{};
    if (unknown && ::if_indextoname(static_cast<unsigned>(interface), name.data()) != nullptr)
        at->second = name.data();
    return at->second;
}

/// Calls `make` with the worker's socket, then `done` on the executor with what it returned. What
/// the kernel told by then is known by then.
template <typename Request, typename Done>
void kernel_addresses::impl::request(Request make, Done done) {
    if (!worker)
        worker.emplace(1);
    auto back = asio::prefer(executor, asio::execution::outstanding_work.tracked);
    asio::post(*worker, [make = std::move(make), done = std::move(done), back = std::move(back),
                         socket = requests.get(), weak = weak_from_this()]() mutable {
        asio::post(back, [done = std::move(done), result = make(socket), weak]() mutable {
            const auto self = weak.lock();
            if (!self)
                return;
            self->read();
            done(std::move(result));
            if (self->changed)
                self->changed();
        });
    });
}

/// Again and again, as long as it is open.
void kernel_addresses::impl::follow() {
    events_ready.async_wait(asio::posix::stream_descriptor::wait_read,
                            [weak = weak_from_this()](boost::system::error_code error) {
                                const auto self = weak.lock();
                                if (error || !self || !self->changed)
                                    return;
                                self->read();
                                self->follow();
                                self->changed();
                            });
}

kernel_addresses::kernel_addresses(const asio::any_io_executor& executor)
    : impl_(std::make_shared<impl>(executor)) {}

kernel_addresses::~kernel_addresses() {
    close();
}

std::expected<void, std::string> kernel_addresses::open(std::function<void()> changed) {
    if (auto opened = impl_->open(); !opened)
        return opened;
    impl_->changed = std::move(changed);
    impl_->follow();
    return {};
}

bool kernel_addresses::is_open() const {
    return impl_->events != nullptr;
}

void kernel_addresses::close() {
    impl_->changed = nullptr;
    boost::system::error_code ignored;
    impl_->events_ready.cancel(ignored);
}

std::expected<void, std::string> kernel_addresses::may_change() {
    return netlink::may_change();
}

void kernel_addresses::finish() {
    if (!impl_->worker)
        return;
    std::promise<void> done;
    asio::post(*impl_->worker, [&done] { done.set_value(); });
    done.get_future().wait();
}

presence kernel_addresses::find(const ip::address& address) const {
    auto found = presence::absent;
    const auto& all = impl_->addresses;
    for (auto at = all.lower_bound({address, 0, 0, {}});
         at != all.end() && at->first.address == address; ++at)
        found = std::max(found, at->second);
    return found;
}

std::vector<address_place> kernel_addresses::places(const ip::address& address) const {
    std::vector<address_place> found;
    const auto& all = impl_->addresses;
    for (auto at = all.lower_bound({address, 0, 0, {}});
         at != all.end() && at->first.address == address; ++at)
        found.push_back({impl_->name_of(at->first.interface), at->first.prefix_length, at->second});
    return found;
}

void kernel_addresses::add(const ip::address& address, const std::string& interface,
                           added_handler done) {
    impl_->request([=](nl_sock* socket) { return netlink::add(socket, address, interface); },
                   std::move(done));
}

void kernel_addresses::remove(const ip::address& address, const std::string& interface,
                              removed_handler done) {
    impl_->request([=](nl_sock* socket) { return netlink::remove(socket, address, interface); },
                   std::move(done));
}

} // namespace herald::service
