#pragma once

#include "herald/wire/attributes.hpp"
#include "herald/wire/cursor.hpp"

#include <cstddef>
#include <vector>

namespace herald::wire {

/// The values of AS_PATH and AS4_PATH, RFC 4271 §4.3, RFC 6793. `width` is that of an AS number,
/// two octets or four.

/// Reads a value that was found well-formed.
as_path read_as_path(octets value, std::size_t width);

/// Writes a value. A segment of more than 255 numbers becomes several; with two octets AS_TRANS
/// stands for numbers that do not fit, RFC 6793 §4.2.2.
void write_as_path(writer& to, const as_path& path, std::size_t width);

/// The AS4_PATH that goes with `path` to a two-octet speaker: without the segments of a
/// confederation, RFC 6793 §4.2.2.
as_path as4_path_of(const as_path& path);

/// Whether a number in it has no place in two octets.
bool needs_four_octets(const as_path& path);

/// The path that AS_PATH and AS4_PATH of one UPDATE stand for, RFC 6793 §4.2.3.
as_path merge_as4_path(const as_path& path, const as_path& as4_path);

} // namespace herald::wire
