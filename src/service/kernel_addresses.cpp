#include "herald/service/kernel_addresses.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <compare>
#include <cstring>
#include <fmt/format.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <map>
#include <net/if.h>
#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/object.h>
#include <netlink/route/addr.h>
#include <netlink/socket.h>
#include <optional>
#include <utility>

namespace herald::service {

namespace asio = boost::asio;
namespace ip = boost::asio::ip;

namespace {

struct deleter {
    void operator()(nl_sock* socket) const { nl_socket_free(socket); }
    void operator()(nl_cache* cache) const { nl_cache_free(cache); }
    void operator()(nl_addr* address) const { nl_addr_put(address); }
    void operator()(rtnl_addr* address) const { rtnl_addr_put(address); }
};
template <typename T>
using owned = std::unique_ptr<T, deleter>;

std::unexpected<std::string> failure(const char* what, int error) {
    return std::unexpected(fmt::format("{}: {}", what, nl_geterror(error)));
}

/// Of an interface.
struct key {
    ip::address address;
    int interface = 0;
    friend std::strong_ordering operator<=>(const key&, const key&) = default;
};
using table = std::map<key, presence>;

std::optional<ip::address> to_address(nl_addr* from) {
    if (from == nullptr)
        return std::nullopt;
    const auto* octets = nl_addr_get_binary_addr(from);
    if (nl_addr_get_family(from) == AF_INET && nl_addr_get_len(from) == 4) {
        ip::address_v4::bytes_type bytes{};
        std::memcpy(bytes.data(), octets, bytes.size());
        return ip::address_v4(bytes);
    }
    if (nl_addr_get_family(from) == AF_INET6 && nl_addr_get_len(from) == 16) {
        ip::address_v6::bytes_type bytes{};
        std::memcpy(bytes.data(), octets, bytes.size());
        return ip::address_v6(bytes);
    }
    return std::nullopt;
}

owned<nl_addr> from_address(const ip::address& address) {
    if (address.is_v4()) {
        auto bytes = address.to_v4().to_bytes();
        return owned<nl_addr>(nl_addr_build(AF_INET, bytes.data(), bytes.size()));
    }
    auto bytes = address.to_v6().to_bytes();
    return owned<nl_addr>(nl_addr_build(AF_INET6, bytes.data(), bytes.size()));
}

void take(table& into, rtnl_addr* entry, bool is_there) {
    const auto address = to_address(rtnl_addr_get_local(entry));
    if (!address)
        return;
    const key where{*address, rtnl_addr_get_ifindex(entry)};
    if (!is_there) {
        into.erase(where);
        return;
    }
    constexpr unsigned not_usable = IFA_F_TENTATIVE | IFA_F_DADFAILED;
    into[where] =
        (rtnl_addr_get_flags(entry) & not_usable) != 0 ? presence::unusable : presence::usable;
}

/// What the kernel is to be told of: this address, on that interface.
std::expected<owned<rtnl_addr>, std::string> describe(const ip::address& address,
                                                      const std::string& interface) {
    const auto index = ::if_nametoindex(interface.c_str());
    if (index == 0)
        return std::unexpected(fmt::format("there is no interface {}", interface));
    owned<rtnl_addr> entry(rtnl_addr_alloc());
    rtnl_addr_set_ifindex(entry.get(), static_cast<int>(index));
    if (auto error = rtnl_addr_set_local(entry.get(), from_address(address).get()); error < 0)
        return failure("cannot describe an address", error);
    // RFC 4862 §5.4: no duplicate address detection of an address that other nodes have too.
    if (address.is_v6())
        rtnl_addr_set_flags(entry.get(), IFA_F_NODAD);
    return entry;
}

} // namespace

struct kernel_addresses::impl {
    explicit impl(const asio::any_io_executor& executor) : events_ready(executor) {}
    ~impl() { events_ready.release(); } // the descriptor is the socket's

    owned<nl_sock> commands{nl_socket_alloc()};
    owned<nl_sock> events{nl_socket_alloc()};
    asio::posix::stream_descriptor events_ready;
    bool lost = false; // some changes were not heard of
    table addresses;
    std::function<void()> changed;

    std::expected<void, std::string> open();
    std::expected<void, std::string> ask_for_all();
    void read();
    static int message_came(nl_msg* message, void* self);
    static void follow(const std::shared_ptr<impl>& self);
};

std::expected<void, std::string> kernel_addresses::impl::open() {
    nl_socket_disable_seq_check(events.get()); // nobody asked for what is told
    nl_socket_modify_cb(events.get(), NL_CB_VALID, NL_CB_CUSTOM, message_came, this);
    for (auto* socket : {commands.get(), events.get()})
        if (auto error = nl_connect(socket, NETLINK_ROUTE); error < 0)
            return failure("cannot open a netlink socket", error);
    if (auto error =
            nl_socket_add_memberships(events.get(), RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, 0);
        error < 0)
        return failure("cannot follow the kernel's addresses", error);
    nl_socket_set_nonblocking(events.get());
    events_ready.assign(nl_socket_get_fd(events.get()));
    return ask_for_all();
}

std::expected<void, std::string> kernel_addresses::impl::ask_for_all() {
    nl_cache* list = nullptr;
    int error = -NLE_DUMP_INTR; // addresses changed meanwhile: the list may lack some
    for (int attempt = 0; error == -NLE_DUMP_INTR && attempt < 10; ++attempt)
        error = rtnl_addr_alloc_cache(commands.get(), &list);
    if (error < 0)
        return failure("cannot ask the kernel for its addresses", error);
    const owned<nl_cache> owner(list);
    addresses.clear();
    for (auto* entry = nl_cache_get_first(list); entry != nullptr; entry = nl_cache_get_next(entry))
        take(addresses, reinterpret_cast<rtnl_addr*>(entry), true);
    return {};
}

int kernel_addresses::impl::message_came(nl_msg* message, void* self) {
    auto take_entry = [](nl_object* entry, void* into) {
        take(*static_cast<table*>(into), reinterpret_cast<rtnl_addr*>(entry),
             nl_object_get_msgtype(entry) == RTM_NEWADDR);
    };
    nl_msg_parse(message, take_entry, &static_cast<impl*>(self)->addresses);
    return NL_OK;
}

void kernel_addresses::impl::read() {
    int error = 0;
    while (error != -NLE_AGAIN) {
        error = nl_recvmsgs_default(events.get());
        // ENOBUFS (libnl calls it so) and whatever else could not be read: some were not heard of.
        lost = lost || (error < 0 && error != -NLE_AGAIN);
        if (error < 0 && error != -NLE_AGAIN && error != -NLE_NOMEM)
            break;
    }
    if (lost)
        lost = !ask_for_all(); // or with the next that is heard
}

kernel_addresses::kernel_addresses(const asio::any_io_executor& executor)
    : impl_(std::make_shared<impl>(executor)) {}

kernel_addresses::~kernel_addresses() {
    close();
}

/// Again and again, as long as it is open.
void kernel_addresses::impl::follow(const std::shared_ptr<impl>& self) {
    self->events_ready.async_wait(asio::posix::stream_descriptor::wait_read,
                                  [weak = std::weak_ptr(self)](boost::system::error_code error) {
                                      const auto still = weak.lock();
                                      if (error || !still || !still->changed)
                                          return;
                                      still->read();
                                      follow(still);
                                      still->changed();
                                  });
}

std::expected<void, std::string> kernel_addresses::open(std::function<void()> changed) {
    if (auto opened = impl_->open(); !opened)
        return opened;
    impl_->changed = std::move(changed);
    impl::follow(impl_);
    return {};
}

void kernel_addresses::close() {
    impl_->changed = nullptr;
    boost::system::error_code ignored;
    impl_->events_ready.cancel(ignored);
}

std::expected<void, std::string> kernel_addresses::may_change() {
    // No interface has the index 0: this fails, and for want of the right before all else.
    owned<rtnl_addr> nowhere(rtnl_addr_alloc());
    const auto any = from_address(ip::address_v4::loopback());
    rtnl_addr_set_ifindex(nowhere.get(), 0);
    rtnl_addr_set_local(nowhere.get(), any.get());
    const auto error = rtnl_addr_delete(impl_->commands.get(), nowhere.get(), 0);
    if (error == -NLE_PERM)
        return std::unexpected("addresses cannot be added: CAP_NET_ADMIN is missing");
    return {};
}

presence kernel_addresses::find(const ip::address& address) const {
    auto found = presence::absent;
    const auto& all = impl_->addresses;
    for (auto at = all.lower_bound({address, 0}); at != all.end() && at->first.address == address;
         ++at)
        found = std::max(found, at->second);
    return found;
}

std::expected<bool, std::string> kernel_addresses::add(const ip::address& address,
                                                       const std::string& interface) {
    auto entry = describe(address, interface);
    if (!entry)
        return std::unexpected(entry.error());
    const auto error = rtnl_addr_add(impl_->commands.get(), entry->get(), NLM_F_EXCL);
    if (error == -NLE_EXIST)
        return false;
    if (error < 0)
        return std::unexpected(nl_geterror(error));
    return true;
}

std::expected<void, std::string> kernel_addresses::remove(const ip::address& address,
                                                          const std::string& interface) {
    auto entry = describe(address, interface);
    if (!entry) // with the interface its addresses are gone
        return {};
    const auto error = rtnl_addr_delete(impl_->commands.get(), entry->get(), 0);
    if (error < 0 && error != -NLE_NOADDR && error != -NLE_OBJ_NOTFOUND)
        return std::unexpected(nl_geterror(error));
    return {};
}

} // namespace herald::service
