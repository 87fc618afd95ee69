#include "herald/peering/link_messages.hpp"

#include <cstring>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <optional>
#include <sys/socket.h>

namespace herald::peering {
namespace {

namespace ip = boost::asio::ip;
using wire::octets;

/// A structure of the kernel's at the front of `bytes`, in this machine's byte order.
template <typename T>
std::optional<T> front(octets bytes) {
    if (bytes.size() < sizeof(T))
        return std::nullopt;
    T value{};
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

/// Takes what has this length from the front of `rest`, with the padding that follows it. Nothing
/// if the length is less than that of its header, or more than there is.
std::optional<octets> take(octets& rest, std::size_t length, std::size_t header) {
    if (length < header || length > rest.size())
        return std::nullopt;
    const auto taken = rest.first(length);
    constexpr std::size_t alignment = 4;
    const auto padded = (length + alignment - 1) / alignment * alignment;
    rest = rest.subspan(std::min(padded, rest.size()));
    return taken;
}

struct attribute {
    unsigned type = 0;
    octets value;
};

std::optional<attribute> take_attribute(octets& rest) {
    const auto header = front<rtattr>(rest);
    const auto taken = header ? take(rest, header->rta_len, sizeof *header) : std::nullopt;
    if (!taken)
        return std::nullopt;
    return attribute{header->rta_type & static_cast<unsigned>(NLA_TYPE_MASK),
                     taken->subspan(sizeof *header)};
}

/// Calls `each` with the attributes that follow the header; false if a length is wrong.
template <typename Header, typename Each>
bool for_each_attribute(octets body, Each each) {
    for (auto rest = body.subspan(std::min(NLMSG_ALIGN(sizeof(Header)), body.size()));
         !rest.empty();) {
        const auto next = take_attribute(rest);
        if (!next || !each(*next))
            return false;
    }
    return true;
}

std::optional<std::string> to_name(octets value) {
    const auto end = std::ranges::find(value, std::uint8_t{0});
    if (end == value.end() || end == value.begin())
        return std::nullopt;
    return std::string(value.begin(), end);
}

std::optional<ip::address> to_address(octets value, unsigned family) {
    if (family == AF_INET) {
        if (const auto bytes = front<ip::address_v4::bytes_type>(value);
            bytes && value.size() == bytes->size())
            return ip::address_v4(*bytes);
    } else if (const auto bytes = front<ip::address_v6::bytes_type>(value);
               bytes && value.size() == bytes->size()) {
        return ip::address_v6(*bytes);
    }
    return std::nullopt;
}

bool read_interface(octets body, bool gone, link_report& into) {
    const auto header = front<ifinfomsg>(body);
    if (!header)
        return false;
    // A bridge tells of its ports with messages of its own family: what is gone then is the port.
    if (header->ifi_family != AF_UNSPEC)
        return true;
    interface_message message{header->ifi_index, gone, {}, (header->ifi_flags & IFF_RUNNING) != 0};
    const auto read = for_each_attribute<ifinfomsg>(body, [&](const attribute& next) {
        if (next.type != IFLA_IFNAME)
            return true;
        auto name = to_name(next.value);
        message.name = name.value_or("");
        return name.has_value();
    });
    if (!read || (message.name.empty() && !gone))
        return false;
    if (gone)
        message = {header->ifi_index, true, {}, false};
    into.messages.emplace_back(std::move(message));
    return true;
}

address_state to_state(std::uint32_t flags) {
    static_assert(IFA_F_SECONDARY == IFA_F_TEMPORARY);
    return {.unusable = (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0,
            .deprecated = (flags & IFA_F_DEPRECATED) != 0,
            .secondary = (flags & IFA_F_SECONDARY) != 0};
}

/// What the attributes of an address message say.
struct address_attributes {
    std::optional<ip::address> local;
    std::optional<ip::address> address;
    std::uint32_t flags = 0;

    /// False if the value's length is wrong.
    bool read(const attribute& next, unsigned family) {
        switch (next.type) {
        case IFA_LOCAL: return (local = to_address(next.value, family)).has_value();
        case IFA_ADDRESS: return (address = to_address(next.value, family)).has_value();
        case IFA_FLAGS: {
            const auto all = front<std::uint32_t>(next.value);
            flags = all.value_or(flags);
            return all && next.value.size() == sizeof *all;
        }
        default: return true;
        }
    }
};

bool read_address(octets body, bool gone, link_report& into) {
    const auto header = front<ifaddrmsg>(body);
    if (!header)
        return false;
    const unsigned family = header->ifa_family;
    if (family != AF_INET && family != AF_INET6)
        return true;
    // The eight flags of the header, where the kernel does not say all of them.
    address_attributes said{.local = {}, .address = {}, .flags = header->ifa_flags};
    if (!for_each_attribute<ifaddrmsg>(
            body, [&](const attribute& next) { return said.read(next, family); }) ||
        (!said.local && !said.address))
        return false;
    // On a point-to-point link the address is the peer's, and the local one is ours.
    const auto ours = said.local ? *said.local : *said.address;
    const auto peer = said.address && *said.address != ours ? *said.address : ip::address();
    address_message message{static_cast<int>(header->ifa_index),
                            gone,
                            {ours, header->ifa_prefixlen, peer},
                            gone ? address_state{} : to_state(said.flags)};
    into.messages.emplace_back(std::move(message));
    return true;
}

/// The kernel's errno, which it sends as a negative number.
bool read_error(octets body, link_report& into) {
    const auto error = front<int>(body);
    into.error = error && *error < 0 ? -*error : 0;
    return error.has_value();
}

/// False if it is malformed.
bool read_message(const nlmsghdr& header, octets body, link_report& into) {
    into.interrupted = into.interrupted || (header.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    switch (header.nlmsg_type) {
    case RTM_NEWLINK: return read_interface(body, false, into);
    case RTM_DELLINK: return read_interface(body, true, into);
    case RTM_NEWADDR: return read_address(body, false, into);
    case RTM_DELADDR: return read_address(body, true, into);
    case NLMSG_ERROR: return read_error(body, into);
    case NLMSG_DONE:
        into.complete = true;
        return body.empty() || read_error(body, into); // older kernels give no reason
    default: return true;
    }
}

} // namespace

link_report decode_links(octets datagram) {
    link_report report;
    while (!datagram.empty() && !report.malformed) {
        const auto header = front<nlmsghdr>(datagram);
        const auto message =
            header ? take(datagram, header->nlmsg_len, sizeof *header) : std::nullopt;
        report.malformed =
            !message || !read_message(*header, message->subspan(sizeof *header), report);
    }
    return report;
}

} // namespace herald::peering
