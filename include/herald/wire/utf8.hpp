#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace herald::wire {

/// The longest beginning of `text` that has at most `limit` octets and does not cut a character.
std::string_view cut_utf8(std::string_view text, std::size_t limit);

/// `text` with a "?" for each character that could do harm in a log or on a terminal (control
/// characters, line and paragraph separators, changes of direction) and for each octet that is not
/// part of well-formed UTF-8 (RFC 3629).
std::string harmless_utf8(std::string_view text);

} // namespace herald::wire
