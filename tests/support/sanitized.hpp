#pragma once

namespace herald::test {

/// Whether this was compiled with sanitizers, which make it ten times as slow.
#ifdef __has_feature
inline constexpr bool sanitized = __has_feature(address_sanitizer);
#else
inline constexpr bool sanitized = false;
#endif

/// How many runs a test by chance makes. With sanitizers a few show what they are to show; it is
/// the others that look for a sequence in which the result is wrong.
inline constexpr unsigned runs_by_chance = sanitized ? 6 : 40;

} // namespace herald::test
