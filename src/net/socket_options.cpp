#include "herald/net/socket_options.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace herald::net {
namespace {

template <typename T>
std::error_code set_option(native_socket socket, int level, int name, const T& value) {
    if (::setsockopt(socket, level, name, &value, sizeof value) == 0)
        return {};
    return {errno, std::system_category()};
}

std::error_code set_ip_option(native_socket socket, bool v6, int name_v4, int name_v6, int value) {
    return v6 ? set_option(socket, IPPROTO_IPV6, name_v6, value)
              : set_option(socket, IPPROTO_IP, name_v4, value);
}

sockaddr_storage to_sockaddr(const boost::asio::ip::address& address) {
    sockaddr_storage storage{};
    if (address.is_v4()) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_addr.s_addr = htonl(address.to_v4().to_uint());
        std::memcpy(&storage, &v4, sizeof v4);
        return storage;
    }
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_scope_id = static_cast<std::uint32_t>(address.to_v6().scope_id());
    std::ranges::copy(address.to_v6().to_bytes(), v6.sin6_addr.s6_addr);
    std::memcpy(&storage, &v6, sizeof v6);
    return storage;
}

} // namespace

std::error_code set_md5_key(native_socket socket, const boost::asio::ip::address& peer,
                            std::string_view key) {
    if (key.size() > TCP_MD5SIG_MAXKEYLEN)
        return std::make_error_code(std::errc::invalid_argument);
    tcp_md5sig signature{};
    signature.tcpm_addr = to_sockaddr(peer);
    signature.tcpm_keylen = static_cast<std::uint16_t>(key.size());
    std::ranges::copy(key, signature.tcpm_key);
    const auto error = set_option(socket, IPPROTO_TCP, TCP_MD5SIG, signature);
    // The kernel calls it an error to remove a key that was never set; for us it is done.
    if (key.empty() && error == std::errc::no_such_file_or_directory)
        return {};
    return error;
}

std::error_code set_minimum_ttl(native_socket socket, bool v6, std::uint8_t ttl) {
    return set_ip_option(socket, v6, IP_MINTTL, IPV6_MINHOPCOUNT, ttl);
}

std::error_code set_ttl(native_socket socket, bool v6, std::uint8_t ttl) {
    return set_ip_option(socket, v6, IP_TTL, IPV6_UNICAST_HOPS, ttl);
}

std::error_code report_ttl(native_socket socket, bool v6) {
    return set_ip_option(socket, v6, IP_RECVTTL, IPV6_RECVHOPLIMIT, 1);
}

std::error_code set_dscp(native_socket socket, bool v6, std::uint8_t dscp) {
    // The lower two bits of the octet are ECN's, RFC 3168 §5.
    return set_ip_option(socket, v6, IP_TOS, IPV6_TCLASS, dscp << 2);
}

std::error_code set_user_timeout(native_socket socket, std::chrono::milliseconds timeout) {
    return set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT,
                      static_cast<unsigned>(timeout.count()));
}

std::error_code set_close_on_exec(native_socket socket) {
    if (::fcntl(socket, F_SETFD, FD_CLOEXEC) == 0)
        return {};
    return {errno, std::system_category()};
}

std::error_code set_unsent_limit(native_socket socket, std::size_t octets) {
    return set_option(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, static_cast<unsigned>(octets));
}

int unacknowledged_octets(native_socket socket) {
    int octets = 0;
    return ::ioctl(socket, SIOCOUTQ, &octets) == 0 ? octets : -1;
}

} // namespace herald::net
