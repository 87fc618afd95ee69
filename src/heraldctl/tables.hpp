#pragma once

#include "herald/text/harmless.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace heraldctl {

enum class tone : std::uint8_t { plain, good, warning, bad };

struct cell {
    std::string text;
    tone colour = tone::plain;
};

/// What the place where text is shown can show.
struct layout {
    bool coloured = false;
    bool wide = false; // lines as long as they are, rather than of 80 columns
};

struct column {
    std::string title;
    std::size_t least = 0; // it may be cut to this, so that the line fits; 0: never
};

using herald::text::harmless;

/// How many columns it takes: one for each character of UTF-8.
std::size_t width(std::string_view text);

/// At most `columns` wide, with an ellipsis where something was cut.
std::string cut(std::string_view text, std::size_t columns);

/// One line of text, made harmless and cut to what the layout has room for.
std::string line_of(std::string_view text, layout shown);

/// Rows under titles, in 80 columns where the layout is not wide. A column that no row has anything
/// in is left out.
class table {
public:
    explicit table(std::vector<column> columns) : columns_(std::move(columns)) {}

    /// As many cells as columns. Each is made harmless, and an empty one is shown as "-".
    void add(std::vector<cell> row);
    bool empty() const { return rows_.empty(); }
    std::string text(layout shown) const;

private:
    std::vector<std::size_t> widths(std::size_t line) const;

    std::vector<column> columns_;
    std::vector<std::vector<cell>> rows_;
};

} // namespace heraldctl
