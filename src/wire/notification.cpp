#include "herald/wire/notification.hpp"

#include "herald/text/harmless.hpp"

#include <cstddef>
#include <span>

namespace herald::wire {
namespace {

/// The name of each subcode of a code; empty where the registry has none.
// NOLINTNEXTLINE(readability-function-size): the registry's tables and one flat switch
std::span<const std::string_view> subcodes_of(error_code code) {
    static constexpr std::array<std::string_view, 4> header{
        "Unspecific", "Connection Not Synchronized", "Bad Message Length", "Bad Message Type"};
    static constexpr std::array<std::string_view, 12> open{"Unspecific",
                                                           "Unsupported Version Number",
                                                           "Bad Peer AS",
                                                           "Bad BGP Identifier",
                                                           "Unsupported Optional Parameter",
                                                           "",
                                                           "Unacceptable Hold Time",
                                                           "Unsupported Capability",
                                                           "",
                                                           "",
                                                           "",
                                                           "Role Mismatch"};
    static constexpr std::array<std::string_view, 12> update{"Unspecific",
                                                             "Malformed Attribute List",
                                                             "Unrecognized Well-known Attribute",
                                                             "Missing Well-known Attribute",
                                                             "Attribute Flags Error",
                                                             "Attribute Length Error",
                                                             "Invalid ORIGIN Attribute",
                                                             "",
                                                             "Invalid NEXT_HOP Attribute",
                                                             "Optional Attribute Error",
                                                             "Invalid Network Field",
                                                             "Malformed AS_PATH"};
    static constexpr std::array<std::string_view, 4> fsm{
        "Unspecific", "Unexpected Message in OpenSent", "Unexpected Message in OpenConfirm",
        "Unexpected Message in Established"};
    static constexpr std::array<std::string_view, 11> cease{"Unspecific",
                                                            "Maximum Number of Prefixes Reached",
                                                            "Administrative Shutdown",
                                                            "Peer De-configured",
                                                            "Administrative Reset",
                                                            "Connection Rejected",
                                                            "Other Configuration Change",
                                                            "Connection Collision Resolution",
                                                            "Out of Resources",
                                                            "Hard Reset",
                                                            "BFD Down"};
    static constexpr std::array<std::string_view, 2> refresh{"Unspecific",
                                                             "Invalid Message Length"};
    switch (code) {
    case error_code::message_header: return header;
    case error_code::open_message: return open;
    case error_code::update_message: return update;
    case error_code::fsm: return fsm;
    case error_code::cease: return cease;
    case error_code::route_refresh: return refresh;
    case error_code::hold_timer_expired:
    case error_code::send_hold_timer_expired: return {};
    }
    return {};
}

std::string_view name_of(error_code code) {
    switch (code) {
    case error_code::message_header: return "Message Header Error";
    case error_code::open_message: return "OPEN Message Error";
    case error_code::update_message: return "UPDATE Message Error";
    case error_code::hold_timer_expired: return "Hold Timer Expired";
    case error_code::fsm: return "Finite State Machine Error";
    case error_code::cease: return "Cease";
    case error_code::route_refresh: return "ROUTE-REFRESH Message Error";
    case error_code::send_hold_timer_expired: return "Send Hold Timer Expired";
    }
    return {};
}

bool carries_text(const notification& value) {
    return value.code == error_code::cease &&
           (value.subcode == cease_code::administrative_shutdown ||
            value.subcode == cease_code::administrative_reset);
}

bool is_hard_reset(const notification& value) {
    return value.code == error_code::cease && value.subcode == cease_code::hard_reset;
}

std::string describe_one(const notification& value) {
    const auto name = name_of(value.code);
    std::string text =
        name.empty() ? std::to_string(static_cast<unsigned>(value.code)) : std::string(name);
    const auto names = subcodes_of(value.code);
    if (value.subcode < names.size() && !names[value.subcode].empty())
        return text.append(" / ").append(names[value.subcode]);
    if (value.subcode == 0 && names.empty() && !name.empty())
        return text; // the timers have no subcodes
    return text + " / " + std::to_string(value.subcode);
}

} // namespace

notification make_cease(std::uint8_t subcode, std::string_view text) {
    // RFC 9003 reads up to 255 octets, but RFC 8203, which older peers implement, only 128.
    constexpr std::size_t longest_text = 128;
    notification result{error_code::cease, subcode, {}};
    const auto cut = text::cut(text, longest_text);
    if (cut.empty())
        return result;
    result.data.reserve(1 + cut.size());
    result.data.push_back(static_cast<std::uint8_t>(cut.size()));
    result.data.insert(result.data.end(), cut.begin(), cut.end());
    return result;
}

notification bad_message_length(std::size_t length) {
    return {error_code::message_header,
            header_error::bad_length,
            {static_cast<std::uint8_t>(length >> 8U), static_cast<std::uint8_t>(length)}};
}

notification make_hard_reset(const notification& inner) {
    notification result{error_code::cease, cease_code::hard_reset, {}};
    result.data.reserve(2 + inner.data.size());
    result.data.push_back(static_cast<std::uint8_t>(inner.code));
    result.data.push_back(inner.subcode);
    result.data.insert(result.data.end(), inner.data.begin(), inner.data.end());
    return result;
}

notification inside_hard_reset(const notification& value) {
    if (!is_hard_reset(value) || value.data.size() < 2)
        return value;
    return {static_cast<error_code>(value.data[0]),
            value.data[1],
            {value.data.begin() + 2, value.data.end()}};
}

std::string shutdown_text(const notification& received) {
    const auto inner = inside_hard_reset(received);
    if (!carries_text(inner) || inner.data.empty() || inner.data.size() != 1U + inner.data.front())
        return {};
    return text::harmless(std::string(inner.data.begin() + 1, inner.data.end()));
}

std::string describe(const notification& value) {
    if (is_hard_reset(value) && value.data.size() >= 2)
        return "Cease / Hard Reset: " + describe_one(inside_hard_reset(value));
    return describe_one(value);
}

} // namespace herald::wire
