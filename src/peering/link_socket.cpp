#include "link_socket.hpp"

#include <array>
#include <boost/system/errc.hpp>
#include <cerrno>
#include <iterator>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <optional>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace herald::peering {

using boost::system::error_code;

namespace {

/// As large as the kernel makes the parts of an answer.
constexpr std::size_t largest_datagram = 32768;
/// What the kernel keeps for us before changes are lost: some thousand of them. Few are allowed to
/// have that much; others get what there is.
constexpr int changes_buffer = 1 << 20;

error_code last_error() {
    return {errno, boost::system::system_category()};
}

void enlarge_buffer(int descriptor) {
    for (const int option : {SO_RCVBUFFORCE, SO_RCVBUF})
        if (::setsockopt(descriptor, SOL_SOCKET, option, &changes_buffer, sizeof changes_buffer) ==
            0)
            return;
}

} // namespace

link_socket::link_socket(link_socket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

link_socket& link_socket::operator=(link_socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

link_socket::~link_socket() {
    if (descriptor_ >= 0)
        ::close(descriptor_);
}

std::expected<link_socket, error_code> link_socket::open(int flags, std::uint32_t groups) {
    link_socket opened(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE));
    sockaddr_nl ours{};
    ours.nl_family = AF_NETLINK;
    ours.nl_groups = groups;
    if (opened.native() < 0 ||
        ::bind(opened.native(), reinterpret_cast<const sockaddr*>(&ours), sizeof ours) != 0)
        return std::unexpected(last_error());
    return opened;
}

std::expected<link_socket, error_code> link_socket::open_for_changes() {
    auto opened = open(SOCK_NONBLOCK, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
    if (opened)
        enlarge_buffer(opened->native());
    return opened;
}

std::expected<link_report, error_code> link_socket::receive() {
    std::array<std::uint8_t, largest_datagram> datagram; // NOLINT: what is not read is not there
    while (true) {
        sockaddr_nl sender{};
        iovec into{datagram.data(), datagram.size()};
        msghdr header{};
        header.msg_name = &sender;
        header.msg_namelen = sizeof sender;
        header.msg_iov = &into;
        header.msg_iovlen = 1;
        const auto count = ::recvmsg(descriptor_, &header, 0);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return std::unexpected(last_error());
        if (header.msg_namelen != sizeof sender || sender.nl_pid != 0)
            continue; // another program than the kernel
        auto report = decode_links({datagram.data(), static_cast<std::size_t>(count)});
        report.malformed = report.malformed || (header.msg_flags & MSG_TRUNC) != 0;
        return report;
    }
}

link_list link_socket::list_all() {
    auto opened = open(0, 0);
    if (!opened)
        return std::unexpected(opened.error());
    auto all = opened->list(RTM_GETLINK);
    if (!all)
        return all;
    auto addresses = opened->list(RTM_GETADDR);
    if (!addresses)
        return addresses;
    std::ranges::move(*addresses, std::back_inserter(*all));
    return all;
}

error_code link_socket::ask_for_all(std::uint16_t type) const {
    struct {
        nlmsghdr header{};
        ifinfomsg about{}; // no family: of all; as long as what addresses are asked for with
        rtattr attribute{};
        std::uint32_t filter = RTEXT_FILTER_SKIP_STATS;
    } request;
    request.header.nlmsg_type = type;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request.header.nlmsg_len = sizeof request;
    request.attribute.rta_type = IFLA_EXT_MASK;
    request.attribute.rta_len = RTA_LENGTH(sizeof request.filter);
    if (type == RTM_GETADDR)
        request.header.nlmsg_len = NLMSG_LENGTH(sizeof(ifaddrmsg));
    const sockaddr_nl kernel{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = 0};
    while (::sendto(descriptor_, &request, request.header.nlmsg_len, 0,
                    reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) < 0)
        if (errno != EINTR)
            return last_error();
    return {};
}

link_list link_socket::list(std::uint16_t type) {
    const error_code interrupted = make_error_code(boost::system::errc::interrupted);
    constexpr int most_attempts = 10; // on a machine that does not come to rest
    auto all = list_once(type);
    for (int attempt = 1; attempt < most_attempts && !all && all.error() == interrupted; ++attempt)
        all = list_once(type);
    return all;
}

/// The error is `interrupted` if something changed meanwhile.
link_list link_socket::list_once(std::uint16_t type) {
    if (const auto error = ask_for_all(type))
        return std::unexpected(error);
    std::vector<link_message> all;
    bool interrupted = false;
    while (true) {
        auto part = receive();
        if (!part)
            return std::unexpected(part.error());
        if (part->error != 0)
            return std::unexpected(error_code(part->error, boost::system::system_category()));
        if (part->malformed)
            return std::unexpected(make_error_code(boost::system::errc::bad_message));
        std::ranges::move(part->messages, std::back_inserter(all));
        interrupted = interrupted || part->interrupted;
        if (part->complete && interrupted)
            return std::unexpected(make_error_code(boost::system::errc::interrupted));
        if (part->complete)
            return all;
    }
}

} // namespace herald::peering
