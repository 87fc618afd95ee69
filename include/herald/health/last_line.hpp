#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace herald::health {

/// The most octets kept of what a check says.
inline constexpr std::size_t max_output = 1024;

/// `text` made harmless, and cut to max_output octets.
std::string printable(std::string_view text);

/// Keeps the last line that is not blank of output that arrives in pieces, in bounded memory. Of
/// a long line it keeps the beginning.
class last_line {
public:
    void add(std::string_view piece);
    /// Printable, without white space around it; empty when there was no such line.
    std::string text() const;

private:
    void append(std::string_view part);

    std::string current_;  // not ended yet
    std::string complete_; // the last one that was not blank
};

} // namespace herald::health
