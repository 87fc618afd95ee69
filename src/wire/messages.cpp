#include "herald/wire/messages.hpp"

#include "herald/wire/framer.hpp"

#include <algorithm>

namespace herald::wire {
namespace {

constexpr std::size_t refresh_body_size = 4; // RFC 2918 §3

/// The message that `body` came in, header and all.
std::vector<std::uint8_t> whole_message(message_type type, octets body) {
    std::vector<std::uint8_t> out;
    const auto start = begin_message(out, type);
    writer(out).write(body);
    finish_message(out, start);
    return out;
}

bool is_marker(refresh_subtype subtype) {
    return subtype == refresh_subtype::begin || subtype == refresh_subtype::end;
}

} // namespace

std::expected<void, notification> decode_keepalive(octets body) {
    if (!body.empty())
        return std::unexpected(bad_message_length(header_size + body.size()));
    return {};
}

std::vector<std::uint8_t> encode_keepalive() {
    return whole_message(message_type::keepalive, {});
}

std::expected<notification, notification> decode_notification(octets body) {
    if (body.size() < 2)
        return std::unexpected(bad_message_length(header_size + body.size()));
    return notification{static_cast<error_code>(body[0]), body[1], {body.begin() + 2, body.end()}};
}

std::vector<std::uint8_t> encode(const notification& message) {
    std::vector<std::uint8_t> out;
    const auto start = begin_message(out, message_type::notification);
    writer to(out);
    to.write(static_cast<std::uint8_t>(message.code));
    to.write(message.subcode);
    to.write(
        octets(message.data).first(std::min(message.data.size(), max_message_size - out.size())));
    finish_message(out, start);
    return out;
}

std::expected<route_refresh, notification> decode_route_refresh(octets body) {
    // BoRR and EoRR have one length, and an error of their own for any other, RFC 7313 §5.
    if (body.size() > 2 && is_marker(static_cast<refresh_subtype>(body[2])) &&
        body.size() != refresh_body_size)
        return std::unexpected(notification{error_code::route_refresh,
                                            route_refresh_error::bad_length,
                                            whole_message(message_type::route_refresh, body)});
    if (body.size() < refresh_body_size)
        return std::unexpected(bad_message_length(header_size + body.size()));
    return route_refresh{static_cast<std::uint16_t>((body[0] << 8U) | body[1]),
                         static_cast<refresh_subtype>(body[2]), body[3]};
}

std::vector<std::uint8_t> encode(const route_refresh& message) {
    std::vector<std::uint8_t> out;
    const auto start = begin_message(out, message_type::route_refresh);
    writer to(out);
    to.write(message.afi);
    to.write(static_cast<std::uint8_t>(message.subtype));
    to.write(message.safi);
    finish_message(out, start);
    return out;
}

} // namespace herald::wire
