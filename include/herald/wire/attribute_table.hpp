#pragma once

#include "herald/wire/attributes.hpp"
#include "herald/wire/update.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace herald::wire {

/// On which sessions an attribute means something; elsewhere it is discarded.
enum class attribute_scope : std::uint8_t {
    any,
    internal,  // iBGP, RFC 7606 §7.5, §7.9, §7.10
    two_octet, // towards speakers with two-octet AS numbers, RFC 6793 §6
};

/// The lengths that a value may have: from `least` to `most` octets, in steps of `unit`.
struct attribute_length {
    std::size_t least = 0;
    std::size_t most = 65535;
    std::size_t unit = 1;

    constexpr bool allows(std::size_t length) const {
        return length >= least && length <= most && length % unit == 0;
    }
};

/// All that is particular to one attribute when an UPDATE is checked.
struct attribute_rule {
    attribute_type type;
    std::string_view name;
    std::uint8_t flags; // the Optional and Transitive bits
    attribute_scope scope;
    attribute_length length;
    disposition when_malformed;
    /// Judges a value of allowed length: 0, or the subcode of an UPDATE Message Error.
    std::uint8_t (*validate)(octets value, const update_format& format);
};

/// The rule for a type; null when herald does not know it.
const attribute_rule* find_attribute_rule(std::uint8_t type);

/// An attribute as it stands in an UPDATE.
struct raw_attribute {
    std::uint8_t flags = 0;
    std::uint8_t type = 0;
    octets value;
    octets whole; // with flags, type and length
};

/// Takes the next attribute; none, and the reader as it was, when what is left is too short for its
/// header or its length, RFC 7606 §4.
std::optional<raw_attribute> take_attribute(reader& from);

/// What is wrong with an attribute, and what is to become of it.
struct attribute_verdict {
    std::uint8_t subcode = 0; // of an UPDATE Message Error; 0: nothing
    disposition outcome = disposition::none;
};

/// Judges an attribute by itself: scope, flags, length, then value. What is wrong with
/// MP_REACH_NLRI and MP_UNREACH_NLRI resets the session, RFC 7606 §5.3; their outcome is not to be
/// looked at.
attribute_verdict judge(const raw_attribute& attribute, const update_format& format);

} // namespace herald::wire
