#include "herald/wire/open.hpp"

#include "herald/wire/framer.hpp"

namespace herald::wire {
namespace {

constexpr std::uint8_t version = 4;
constexpr std::size_t fixed_size = 10;             // of the body, RFC 4271 §4.2
constexpr std::uint8_t capabilities_parameter = 2; // RFC 5492 §4
constexpr std::uint8_t extended_parameters = 255;  // RFC 9072 §2

std::unexpected<notification> open_fault(std::uint8_t subcode,
                                         std::vector<std::uint8_t> data = {}) {
    return std::unexpected(notification{error_code::open_message, subcode, std::move(data)});
}

/// The parameters, and whether their lengths have two octets.
struct parameter_list {
    octets bytes;
    bool extended = false;
};

/// Takes the optional parameters, whose length must be just what is left, RFC 4271 §4.2.
std::optional<parameter_list> take_parameters(reader from) {
    auto length = static_cast<std::size_t>(from.read<std::uint8_t>().value_or(0));
    // The type decides on the form, whatever the length octet says, RFC 9072 §2.
    const bool extended = !from.empty() && from.rest().front() == extended_parameters;
    if (extended) {
        from.take(1);
        const auto extended_length = from.read<std::uint16_t>();
        if (!extended_length)
            return std::nullopt;
        length = *extended_length;
    }
    if (length != from.size())
        return std::nullopt;
    return parameter_list{from.rest(), extended};
}

std::optional<capability> read_multiprotocol(reader value) {
    if (value.size() != 4)
        return std::nullopt;
    const auto afi = *value.read<std::uint16_t>();
    value.take(1); // reserved, RFC 4760 §8
    return multiprotocol_capability{afi, *value.read<std::uint8_t>()};
}

std::optional<capability> read_extended_next_hop(reader value) {
    if (value.size() % 6 != 0)
        return std::nullopt;
    extended_next_hop_capability result;
    while (!value.empty()) {
        const auto afi = *value.read<std::uint16_t>();
        const auto safi = *value.read<std::uint16_t>();
        result.entries.push_back({afi, safi, *value.read<std::uint16_t>()});
    }
    return result;
}

std::optional<capability> read_graceful_restart(reader value) {
    if (value.size() < 2 || value.size() % 4 != 2)
        return std::nullopt;
    const auto word = *value.read<std::uint16_t>();
    graceful_restart_capability result;
    result.restarted = (word & 0x8000U) != 0;
    result.notification = (word & 0x4000U) != 0;
    result.restart_time = word & 0x0FFFU;
    while (!value.empty()) {
        const auto afi = *value.read<std::uint16_t>();
        const auto safi = *value.read<std::uint8_t>();
        result.entries.push_back({afi, safi, (*value.read<std::uint8_t>() & 0x80U) != 0});
    }
    return result;
}

std::optional<capability> read_four_octet_as(reader value) {
    if (value.size() != 4)
        return std::nullopt;
    return four_octet_as_capability{*value.read<std::uint32_t>()};
}

/// A capability without a value.
template <typename T>
std::optional<capability> read_flag(reader value) {
    if (!value.empty())
        return std::nullopt;
    return T{};
}

/// A capability by its code; none when it is not known or not as its RFC has it.
std::optional<capability> read_known(std::uint8_t code, reader value) {
    switch (static_cast<capability_code>(code)) {
    case capability_code::multiprotocol: return read_multiprotocol(value);
    case capability_code::route_refresh: return read_flag<route_refresh_capability>(value);
    case capability_code::extended_next_hop: return read_extended_next_hop(value);
    case capability_code::extended_message: return read_flag<extended_message_capability>(value);
    case capability_code::role:
        if (value.size() != 1)
            return std::nullopt;
        return role_capability{*value.read<std::uint8_t>()};
    case capability_code::graceful_restart: return read_graceful_restart(value);
    case capability_code::four_octet_as: return read_four_octet_as(value);
    case capability_code::enhanced_route_refresh:
        return read_flag<enhanced_route_refresh_capability>(value);
    case capability_code::bfd_strict: return read_flag<bfd_strict_capability>(value);
    case capability_code::fqdn:
    case capability_code::software_version: return std::nullopt;
    }
    return std::nullopt;
}

/// Appends the capabilities of one parameter; false when a length runs past the end.
bool read_capabilities(reader from, std::vector<capability>& to) {
    while (!from.empty()) {
        const auto code = from.read<std::uint8_t>();
        const auto length = from.read<std::uint8_t>();
        if (!length)
            return false;
        const auto value = from.take(*length);
        if (!value)
            return false;
        if (auto known = read_known(*code, reader(*value)))
            to.push_back(std::move(*known));
        else
            to.emplace_back(unknown_capability{*code, {value->begin(), value->end()}});
    }
    return true;
}

std::expected<std::vector<capability>, notification> read_parameters(const parameter_list& list) {
    std::vector<capability> result;
    reader from(list.bytes);
    while (!from.empty()) {
        const auto type = from.read<std::uint8_t>();
        const auto length = list.extended ? from.read<std::uint16_t>()
                                          : std::optional<std::uint16_t>(from.read<std::uint8_t>());
        if (!length)
            return open_fault(open_error::unspecific);
        const auto value = from.take(*length);
        if (!value)
            return open_fault(open_error::unspecific);
        if (*type != capabilities_parameter)
            return open_fault(open_error::unsupported_parameter);
        if (!read_capabilities(reader(*value), result))
            return open_fault(open_error::unspecific);
    }
    return result;
}

/// Whether the AS is 0 in either place, RFC 7607 §2.
bool has_as_zero(const open_message& message) {
    if (message.my_as == 0)
        return true;
    for (const auto& each : message.capabilities) {
        const auto* four_octet = std::get_if<four_octet_as_capability>(&each);
        if (four_octet != nullptr && four_octet->as == 0)
            return true;
    }
    return false;
}

/// Appends a capability's code, length and value; the value has at most 255 octets.
class capability_writer {
public:
    explicit capability_writer(std::vector<std::uint8_t>& out) : to_(out) {}

    void operator()(const multiprotocol_capability& value) {
        head(capability_code::multiprotocol, 4);
        to_.write(value.afi);
        to_.write<std::uint8_t>(0);
        to_.write(value.safi);
    }
    void operator()(route_refresh_capability) { head(capability_code::route_refresh, 0); }
    void operator()(const extended_next_hop_capability& value) {
        head(capability_code::extended_next_hop, 6 * value.entries.size());
        for (const auto& entry : value.entries) {
            to_.write(entry.afi);
            to_.write(entry.safi);
            to_.write(entry.next_hop_afi);
        }
    }
    void operator()(extended_message_capability) { head(capability_code::extended_message, 0); }
    void operator()(const role_capability& value) {
        head(capability_code::role, 1);
        to_.write(value.role);
    }
    void operator()(const graceful_restart_capability& value) {
        head(capability_code::graceful_restart, 2 + 4 * value.entries.size());
        to_.write(static_cast<std::uint16_t>((value.restarted ? 0x8000U : 0U) |
                                             (value.notification ? 0x4000U : 0U) |
                                             (value.restart_time & 0x0FFFU)));
        for (const auto& entry : value.entries) {
            to_.write(entry.afi);
            to_.write(entry.safi);
            to_.write<std::uint8_t>(entry.forwarding ? 0x80 : 0);
        }
    }
    void operator()(const four_octet_as_capability& value) {
        head(capability_code::four_octet_as, 4);
        to_.write(value.as);
    }
    void operator()(enhanced_route_refresh_capability) {
        head(capability_code::enhanced_route_refresh, 0);
    }
    void operator()(bfd_strict_capability) { head(capability_code::bfd_strict, 0); }
    void operator()(const unknown_capability& value) {
        head(static_cast<capability_code>(value.code), value.value.size());
        to_.write(value.value);
    }

private:
    void head(capability_code code, std::size_t length) {
        to_.write(static_cast<std::uint8_t>(code));
        to_.write(static_cast<std::uint8_t>(length));
    }

    writer to_;
};

void write_parameters(writer& to, octets capabilities) {
    constexpr std::size_t longest = 255 - 2; // beside the parameter's own type and length
    if (capabilities.empty()) {
        to.write<std::uint8_t>(0);
    } else if (capabilities.size() <= longest) {
        to.write(static_cast<std::uint8_t>(2 + capabilities.size()));
        to.write(capabilities_parameter);
        to.write(static_cast<std::uint8_t>(capabilities.size()));
    } else { // RFC 9072 §2
        to.write<std::uint8_t>(255);
        to.write(extended_parameters);
        to.write(static_cast<std::uint16_t>(3 + capabilities.size()));
        to.write(capabilities_parameter);
        to.write(static_cast<std::uint16_t>(capabilities.size()));
    }
    to.write(capabilities);
}

} // namespace

net::as_number open_message::as() const {
    for (const auto& each : capabilities)
        if (const auto* four_octet = std::get_if<four_octet_as_capability>(&each))
            return four_octet->as;
    return my_as;
}

std::expected<open_message, notification> decode_open(octets body) {
    if (body.size() < fixed_size)
        return std::unexpected(bad_message_length(header_size + body.size()));
    reader from(body);
    if (*from.read<std::uint8_t>() != version)
        return open_fault(open_error::unsupported_version, {0, version});

    open_message message;
    message.my_as = *from.read<std::uint16_t>();
    message.hold_time = *from.read<std::uint16_t>();
    message.identifier = *from.read<std::uint32_t>();
    const auto parameters = take_parameters(from);
    if (!parameters)
        return open_fault(open_error::unspecific);
    auto capabilities = read_parameters(*parameters);
    if (!capabilities)
        return std::unexpected(std::move(capabilities.error()));
    message.capabilities = std::move(*capabilities);

    if (has_as_zero(message))
        return open_fault(open_error::bad_peer_as);
    if (message.identifier == 0) // RFC 6286 §2.1
        return open_fault(open_error::bad_identifier);
    if (message.hold_time == 1 || message.hold_time == 2) // RFC 4271 §6.2
        return open_fault(open_error::unacceptable_hold_time);
    return message;
}

std::vector<std::uint8_t> encode(const open_message& message) {
    std::vector<std::uint8_t> capabilities;
    capability_writer append(capabilities);
    for (const auto& each : message.capabilities)
        std::visit(append, each);

    std::vector<std::uint8_t> out;
    const auto start = begin_message(out, message_type::open);
    writer to(out);
    to.write(version);
    to.write(message.my_as);
    to.write(message.hold_time);
    to.write(message.identifier);
    write_parameters(to, capabilities);
    finish_message(out, start);
    return out;
}

} // namespace herald::wire
