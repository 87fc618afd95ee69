#include "herald/wire/framer.hpp"

#include <algorithm>
#include <array>

namespace herald::wire {
namespace {

constexpr std::size_t marker_size = 16;
constexpr std::size_t length_offset = 16, type_offset = 18;

/// A neighbor that only sends keepalives needs no more than the first; one that sends its table
/// gets more, so that a read takes many messages, and as long as they come.
constexpr std::size_t first_capacity = max_message_size, last_capacity = 1U << 16U;

struct length_limits {
    std::size_t least, most;
};

/// RFC 4271 §6.1. That of a ROUTE-REFRESH depends on its subtype (RFC 7313 §5): its decoder judges.
length_limits limits_of(message_type type, std::size_t max_size) {
    switch (type) {
    case message_type::open: return {29, max_message_size}; // RFC 8654 §4
    case message_type::update: return {23, max_size};
    case message_type::notification: return {21, max_size};
    case message_type::keepalive: return {header_size, header_size};
    case message_type::route_refresh: return {header_size, max_size};
    }
    return {header_size, max_size};
}

/// Judges the header at the front of `bytes`; the length of the whole message when it is right.
std::expected<std::size_t, notification> judge_header(octets bytes, std::size_t max_size) {
    if (!std::ranges::all_of(bytes.first(marker_size), [](auto octet) { return octet == 0xFF; }))
        return std::unexpected(
            notification{error_code::message_header, header_error::not_synchronized, {}});
    const auto length =
        static_cast<std::uint16_t>((bytes[length_offset] << 8U) | bytes[length_offset + 1]);
    if (length < header_size || length > max_size)
        return std::unexpected(bad_message_length(length));
    const auto type = bytes[type_offset];
    if (type < static_cast<std::uint8_t>(message_type::open) ||
        type > static_cast<std::uint8_t>(message_type::route_refresh))
        return std::unexpected(
            notification{error_code::message_header, header_error::bad_type, {type}});
    const auto limits = limits_of(static_cast<message_type>(type), max_size);
    if (length < limits.least || length > limits.most)
        return std::unexpected(bad_message_length(length));
    return length;
}

} // namespace

framer::framer() : buffer_(first_capacity) {}

std::span<std::uint8_t> framer::prepare() {
    if (failed_)
        begin_ = end_ = 0; // nothing that follows can be understood
    if (begin_ > 0) {
        std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
        end_ -= begin_;
        begin_ = 0;
    }
    if (grow_ || end_ == buffer_.size())
        buffer_.resize(2 * buffer_.size());
    else if (end_ == 0 && few_ && buffer_.size() > first_capacity)
        buffer_ = std::vector<std::uint8_t>(first_capacity);
    grow_ = false;
    return std::span(buffer_).subspan(end_);
}

void framer::commit(std::size_t count) {
    end_ += count;
    grow_ = end_ == buffer_.size() && buffer_.size() < last_capacity;
    few_ = count < first_capacity;
}

std::expected<std::optional<frame>, notification> framer::next() {
    if (failed_)
        return std::unexpected(*failed_);
    const auto bytes = unread();
    if (bytes.size() < header_size)
        return std::nullopt;
    const auto length = judge_header(bytes, max_size_);
    if (!length) {
        failed_ = length.error();
        return std::unexpected(*failed_);
    }
    if (bytes.size() < *length)
        return std::nullopt;
    begin_ += *length;
    return frame{static_cast<message_type>(bytes[type_offset]),
                 bytes.subspan(header_size, *length - header_size)};
}

void framer::allow_extended_messages() {
    max_size_ = max_extended_message_size;
}

std::size_t begin_message(std::vector<std::uint8_t>& out, message_type type) {
    const auto start = out.size();
    out.insert(out.end(), marker_size, 0xFF);
    writer to(out);
    to.write<std::uint16_t>(0);
    to.write(static_cast<std::uint8_t>(type));
    return start;
}

void finish_message(std::vector<std::uint8_t>& out, std::size_t start) {
    writer(out).patch(start + length_offset, static_cast<std::uint16_t>(out.size() - start));
}

} // namespace herald::wire
