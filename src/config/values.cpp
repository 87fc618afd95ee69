#include "herald/config/values.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <net/if.h>
#include <optional>

namespace herald::config {
namespace {

namespace ip = boost::asio::ip;

std::optional<std::uint32_t> whole_number(std::string_view text, int base = 10) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

bool is_letter_or_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

std::expected<ip::address, std::string> parse_address(std::string_view text) {
    boost::system::error_code error;
    const auto percent = text.find('%');
    auto address = ip::make_address(std::string(text.substr(0, percent)), error);
    if (error)
        return std::unexpected("not an IP address, such as 192.0.2.1 or 2001:db8::1");
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return std::unexpected("an IPv4 address in an IPv6 one: write it as IPv4");

    const bool link_local = address.is_v6() && address.to_v6().is_link_local();
    if (percent == std::string_view::npos) {
        if (link_local)
            return std::unexpected(
                "a link-local address needs its interface, such as fe80::1%eth0");
        return address;
    }
    if (!link_local)
        return std::unexpected("only an IPv6 link-local address takes an interface");
    const std::string interface(text.substr(percent + 1));
    const auto index = ::if_nametoindex(interface.c_str());
    if (index == 0)
        return std::unexpected("this machine has no interface of that name");
    return ip::address_v6(address.to_v6().to_bytes(), index);
}

bool is_broadcast(const ip::address& address) {
    return address.is_v4() && address.to_v4() == ip::address_v4::broadcast();
}

/// RFC 1123 §2.1, and the underscore that is met in practice.
bool is_host_name(std::string_view text) {
    constexpr std::size_t longest = 253;
    return !text.empty() && text.size() <= longest && std::ranges::all_of(text, [](char c) {
        return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_';
    });
}

} // namespace

std::expected<ip::address, std::string> parse_host_address(std::string_view text) {
    auto address = parse_address(text);
    if (address && (address->is_unspecified() || address->is_multicast() || is_broadcast(*address)))
        return std::unexpected("not the address of one host");
    return address;
}

std::expected<ip::address_v4, std::string> parse_next_hop_ipv4(std::string_view text) {
    const auto address = parse_host_address(text);
    if (!address || !address->is_v4())
        return std::unexpected("not the IPv4 address of a host, such as 192.0.2.1");
    return address->to_v4();
}

std::expected<ip::address_v6, std::string> parse_next_hop_ipv6(std::string_view text) {
    const auto address = parse_host_address(text);
    // RFC 2545 §3: a link-local address stands beside a global one, never alone.
    if (!address || !address->is_v6() || address->to_v6().is_link_local())
        return std::unexpected("not the global IPv6 address of a host, such as 2001:db8::1");
    return address->to_v6();
}

std::expected<ip::address, std::string> parse_service_address(std::string_view text) {
    boost::system::error_code error;
    const auto address = ip::make_address_v6(std::string(text), error);
    if (!error && address.is_link_local())
        return std::unexpected("a link-local address is of no use beyond its link");
    return parse_host_address(text);
}

std::expected<ip::address, std::string> parse_listen_address(std::string_view text) {
    auto address = parse_address(text);
    if (address && (address->is_multicast() || is_broadcast(*address)))
        return std::unexpected("not an address to listen on");
    return address;
}

std::expected<std::uint32_t, std::string> parse_router_id(std::string_view text) {
    boost::system::error_code error;
    const auto address = ip::make_address_v4(std::string(text), error);
    if (error || address.is_unspecified())
        return std::unexpected("not a router id: expected four numbers up to 255, not all 0, such "
                               "as 192.0.2.10");
    return address.to_uint();
}

std::expected<endpoint, std::string> parse_endpoint(std::string_view text) {
    constexpr std::uint32_t last_port = 65535;
    const auto wrong =
        std::unexpected<std::string>("expected HOST:PORT, such as 127.0.0.1:53 or [::1]:53");
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return wrong;
    const auto port = whole_number(text.substr(colon + 1));
    if (!port || *port == 0 || *port > last_port)
        return wrong;

    auto host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
        const auto address = parse_address(host);
        if (!address)
            return std::unexpected(address.error());
        if (!address->is_v6())
            return wrong;
    } else if (!is_host_name(host))
        return wrong;
    return endpoint{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::expected<ip::tcp::endpoint, std::string> parse_tcp_endpoint(std::string_view text) {
    const auto parts = parse_endpoint(text);
    if (!parts)
        return std::unexpected(parts.error());
    const auto address = parse_listen_address(parts->host);
    if (!address)
        return std::unexpected(address.error());
    return ip::tcp::endpoint(*address, parts->port);
}

std::expected<std::string, std::string> parse_name(std::string_view text) {
    constexpr std::size_t longest = 64;
    constexpr std::string_view others = "._:%-";
    const bool good = std::ranges::all_of(
        text, [&](char c) { return is_letter_or_digit(c) || others.contains(c); });
    if (!good || text.size() > longest || std::ranges::none_of(text, is_letter_or_digit))
        return std::unexpected("not a name: expected up to 64 letters, digits and . _ : % -");
    return std::string(text);
}

std::expected<std::uint32_t, std::string> parse_file_mode(std::string_view text) {
    constexpr std::uint32_t everything = 0777;
    const auto mode = whole_number(text, 8);
    if (!mode || *mode > everything || text.size() < 3 || text.size() > 4)
        return std::unexpected("not a file mode: expected octal digits up to 0777, such as 0660");
    return *mode;
}

std::expected<std::string, std::string> parse_path(std::string_view text) {
    if (text.empty())
        return std::unexpected("a path cannot be empty");
    return std::string(text);
}

std::expected<std::string, std::string> parse_absolute_path(std::string_view text) {
    if (!text.starts_with('/'))
        return std::unexpected("expected a path that begins with /");
    return std::string(text);
}

std::expected<std::string, std::string> parse_interface(std::string_view text) {
    constexpr std::size_t longest = IFNAMSIZ - 1;
    const bool good = std::ranges::all_of(text, [](char c) { return c > ' ' && c != '/'; });
    if (!good || text.empty() || text.size() > longest || text == "." || text == "..")
        return std::unexpected(
            fmt::format("not an interface's name: expected up to {} printable characters other "
                        "than /",
                        longest));
    return std::string(text);
}

} // namespace herald::config
