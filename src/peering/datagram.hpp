#pragma once

#include "herald/peering/transport.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/udp.hpp>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

namespace herald::peering {

/// A datagram of at most `Longest` octets, and what recvmsg() tells beside them; report_ttl().
template <std::size_t Longest>
class datagram {
public:
    datagram() {
        header_.msg_name = &from_;
        header_.msg_namelen = sizeof from_;
        header_.msg_iov = &into_;
        header_.msg_iovlen = 1;
        header_.msg_control = control_.data();
        header_.msg_controllen = control_.size();
    }
    datagram(const datagram&) = delete;
    datagram& operator=(const datagram&) = delete;

    /// False: there is none now; errno says why.
    bool receive(int socket) {
        const auto count = ::recvmsg(socket, &header_, 0);
        if (count < 0)
            return false;
        length_ = static_cast<std::size_t>(count);
        return true;
    }
    /// An IPv6 link-local one carries its scope.
    boost::asio::ip::address from() const {
        boost::asio::ip::udp::endpoint endpoint; // of any protocol: its address is asked for
        std::memcpy(endpoint.data(), &from_,
                    std::min<std::size_t>(header_.msg_namelen, endpoint.capacity()));
        return endpoint.address();
    }
    /// TTL or hop limit; 0: the kernel did not tell.
    std::uint8_t ttl() {
        for (auto* one = CMSG_FIRSTHDR(&header_); one != nullptr;
             one = CMSG_NXTHDR(&header_, one)) {
            const bool v4 = one->cmsg_level == IPPROTO_IP && one->cmsg_type == IP_TTL;
            const bool v6 = one->cmsg_level == IPPROTO_IPV6 && one->cmsg_type == IPV6_HOPLIMIT;
            int ttl = 0;
            if (v4 || v6) {
                std::memcpy(&ttl, CMSG_DATA(one), sizeof ttl);
                return static_cast<std::uint8_t>(ttl);
            }
        }
        return 0;
    }
    wire::octets octets() const { return wire::octets(octets_).first(length_); }

private:
    sockaddr_storage from_{};
    std::array<std::uint8_t, Longest> octets_{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control_{};
    iovec into_{octets_.data(), octets_.size()};
    msghdr header_{};
    std::size_t length_ = 0;
};

} // namespace herald::peering
