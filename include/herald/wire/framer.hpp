#pragma once

#include "herald/wire/cursor.hpp"
#include "herald/wire/notification.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <vector>

namespace herald::wire {

/// Message types, RFC 4271 §4.1, RFC 2918.
enum class message_type : std::uint8_t {
    open = 1,
    update = 2,
    notification = 3,
    keepalive = 4,
    route_refresh = 5,
};

inline constexpr std::size_t header_size = 19;
inline constexpr std::size_t max_message_size = 4096;
inline constexpr std::size_t max_extended_message_size = 65535; // RFC 8654

/// One whole message: its type and what follows the header. `body` points into the framer and is
/// valid until the next call that changes it.
struct frame {
    message_type type = message_type::keepalive;
    octets body;
};

/// Cuts a stream of octets into messages, RFC 4271 §4.1, §6.1. A header is judged as soon as it is
/// there, before its message is waited for. After an error the framer yields the same error.
class framer {
public:
    framer();

    /// Where the next octets of the stream are to be put; never empty.
    std::span<std::uint8_t> prepare();
    /// `count` octets were put at the front of what prepare() returned.
    void commit(std::size_t count);
    /// What was put there and is not yet in a message that next() gave.
    octets unread() const { return octets(buffer_).subspan(begin_, end_ - begin_); }

    /// The next message, none while it is incomplete, or the NOTIFICATION that its header deserves:
    /// 1/1 marker, 1/2 length (with the length as data; also one that its type cannot have), 1/3
    /// type (with the type as data).
    std::expected<std::optional<frame>, notification> next();

    /// From now on messages other than OPEN and KEEPALIVE may have 65535 octets, RFC 8654 §4.
    void allow_extended_messages();

private:
    std::vector<std::uint8_t> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool grow_ = false; // the last read filled the buffer: there may be more than it takes
    bool few_ = false;  // it brought no more than the least buffer takes
    std::size_t max_size_ = max_message_size;
    std::optional<notification> failed_;
};

/// Appends a header for a message of `type` whose body is still to be written; returns where the
/// message starts, for finish_message.
std::size_t begin_message(std::vector<std::uint8_t>& out, message_type type);
/// Fills in the length of the message that starts at `start` and ends with `out`.
void finish_message(std::vector<std::uint8_t>& out, std::size_t start);

} // namespace herald::wire
