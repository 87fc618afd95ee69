#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace herald::text {

/// What comes from elsewhere (a check's output, a router's words, an operator's reason) is shown in
/// one of these two forms, wherever it is shown. Neither holds a character that steers a terminal
/// or misleads a reader: control characters (C0, DEL, C1), line and paragraph separators, changes
/// of the direction of writing; nor an octet that is not part of well-formed UTF-8 (RFC 3629).

/// For people: a space for a tab, a carriage return or a line feed, a "?" for everything else that
/// is harmful.
std::string harmless(std::string_view text);
/// Whether it would be shown as it is.
bool is_harmless(std::string_view text);

/// For programs: a JSON string in its quotes. Harmful characters are escaped, so that none is lost;
/// octets that are no character become U+FFFD.
std::string quoted(std::string_view text);
void append_quoted(std::string& out, std::string_view text);

/// The longest beginning of `text` that has at most `limit` octets and does not cut a character.
std::string_view cut(std::string_view text, std::size_t limit);

} // namespace herald::text
