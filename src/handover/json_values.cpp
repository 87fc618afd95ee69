#include "herald/handover/json_values.hpp"

#include "herald/text/harmless.hpp"

#include <boost/asio/error.hpp>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <optional>

namespace herald::handover {

namespace {

namespace json = boost::json;
namespace ip = boost::asio::ip;

constexpr std::size_t longest_address = 64;
constexpr std::size_t longest_category = 64;

/// The categories of the errors that sockets have. Those of Boost are wrapped by std::error_code,
/// and each has one wrapper.
const std::error_category* find_category(std::string_view name) {
    const std::error_category& misc =
        std::error_code(boost::system::error_code(boost::asio::error::eof)).category();
    for (const auto* known : {&std::generic_category(), &std::system_category(), &misc})
        if (name == known->name())
            return known;
    return nullptr;
}

/// None: it is not an address. A scope is for IPv6 only.
std::optional<ip::address> parse_address(std::string_view text) {
    const auto percent = std::min(text.find('%'), text.size());
    boost::system::error_code error;
    auto address = ip::make_address(std::string(text.substr(0, percent)), error);
    if (error)
        return std::nullopt;
    if (percent == text.size())
        return address;
    const auto digits = text.substr(percent + 1);
    ip::scope_id_type scope = 0;
    const auto [end, failed] = std::from_chars(digits.begin(), digits.end(), scope);
    if (!address.is_v6() || failed != std::errc() || end != digits.end())
        return std::nullopt;
    return ip::address_v6(address.to_v6().to_bytes(), scope);
}

} // namespace

bool read_version(json_reader from, unsigned known) {
    const auto number = from.integer<unsigned>();
    if (number != known)
        from.fail(fmt::format("it is {}, which is {} than {}, the only one that is known", number,
                              number > known ? "newer" : "older", known));
    return number == known;
}

json::value json_octets(std::span<const std::uint8_t> octets) {
    constexpr std::string_view digits = "0123456789abcdef";
    json::string text(2 * octets.size(), '0');
    auto at = text.begin();
    for (const auto octet : octets) {
        *at++ = digits[octet / 16U];
        *at++ = digits[octet % 16U];
    }
    return text;
}

json::value json_text(std::string_view text) {
    if (text::is_harmless(text))
        return json::string(text);
    const auto* const begin = reinterpret_cast<const std::uint8_t*>(text.data());
    return json::object{{"octets", json_octets({begin, text.size()})}};
}

json::value json_number(double number) {
    return json::string(fmt::to_string(number));
}

double read_number(json_reader from) {
    constexpr std::size_t longest_number = 32;
    const auto text = from.text(longest_number);
    double number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool fits = failed == std::errc() && end == text.data() + text.size() &&
                      std::isfinite(number) && !std::signbit(number);
    if (!fits)
        from.fail("it is not a number from 0 on");
    return fits ? number : 0;
}

json::value json_address(const ip::address& address) {
    if (address.is_v4())
        return json::string(address.to_string());
    const auto v6 = address.to_v6();
    const auto text = ip::address_v6(v6.to_bytes()).to_string();
    return json::string(v6.scope_id() == 0 ? text : fmt::format("{}%{}", text, v6.scope_id()));
}

ip::address read_address(json_reader from) {
    const auto address = parse_address(from.text(longest_address));
    if (!address)
        from.fail("it is not an address");
    return address.value_or(ip::address());
}

ip::address_v4 read_address_v4(json_reader from) {
    const auto address = read_address(from);
    if (!address.is_v4())
        from.fail("it is not an IPv4 address");
    return address.is_v4() ? address.to_v4() : ip::address_v4();
}

ip::address_v6 read_address_v6(json_reader from) {
    const auto address = read_address(from);
    if (!address.is_v6())
        from.fail("it is not an IPv6 address");
    return address.is_v6() ? address.to_v6() : ip::address_v6();
}

json::value json_error(const std::error_code& error) {
    if (!error)
        return nullptr;
    return json::object{{"category", json::string(error.category().name())},
                        {"value", error.value()}};
}

std::error_code read_error(json_reader from) {
    if (from.value().is_null())
        return {};
    const auto* const category = find_category(from.member("category").text(longest_category));
    const auto value = from.member("value").integer<int>();
    if (value == 0)
        from.member("value").fail("it is 0, which is no error");
    return category != nullptr ? std::error_code(value, *category)
                               : std::make_error_code(std::errc::io_error);
}

} // namespace herald::handover
