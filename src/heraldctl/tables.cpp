#include "tables.hpp"

#include <algorithm>
#include <numeric>

namespace heraldctl {

namespace {

constexpr std::size_t line_width = 80;
constexpr std::size_t wide_line = 100'000; // more than any answer has
constexpr std::string_view gap = "  ";

std::size_t columns_of(layout shown) {
    return shown.wide ? wide_line : line_width;
}

bool continues(char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

std::string_view escape(tone colour) {
    switch (colour) {
    case tone::plain: return "";
    case tone::good: return "\x1b[32m";
    case tone::warning: return "\x1b[33m";
    case tone::bad: return "\x1b[31m";
    }
    return "";
}

void append(std::string& line, const cell& shown, std::size_t columns, bool last, bool coloured) {
    const auto text = cut(shown.text.empty() ? "-" : shown.text, columns);
    const auto start = coloured ? escape(shown.colour) : "";
    line += start;
    line += text;
    if (!start.empty())
        line += "\x1b[0m";
    if (!last)
        line.append(columns - width(text), ' ').append(gap);
}

} // namespace

std::size_t width(std::string_view text) {
    return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, continues));
}

std::string cut(std::string_view text, std::size_t columns) {
    if (width(text) <= columns)
        return std::string(text);
    std::size_t end = 0;
    for (std::size_t seen = 0; end < text.size(); ++end) {
        if (!continues(text[end]) && ++seen == columns)
            break; // the ellipsis takes its place
    }
    return std::string(text.substr(0, end)) + "…";
}

std::string line_of(std::string_view text, layout shown) {
    return cut(harmless(text), columns_of(shown)) + "\n";
}

void table::add(std::vector<cell> row) {
    for (auto& each : row)
        each.text = harmless(each.text);
    rows_.push_back(std::move(row));
}

/// 0 for a column that is left out.
std::vector<std::size_t> table::widths(std::size_t line) const {
    std::vector<std::size_t> result(columns_.size());
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        for (const auto& row : rows_)
            result[i] = std::clamp(width(row[i].text), result[i], line);
        if (result[i] > 0)
            result[i] = std::max(result[i], width(columns_[i].title));
    }
    const auto shown =
        static_cast<std::size_t>(std::ranges::count_if(result, [](auto w) { return w > 0; }));
    const auto room = line - gap.size() * (std::max<std::size_t>(shown, 1) - 1);
    const auto spare = [&](std::size_t i) {
        return columns_[i].least == 0 || result[i] <= columns_[i].least
                   ? 0
                   : result[i] - columns_[i].least;
    };
    while (std::accumulate(result.begin(), result.end(), std::size_t{0}) > room) {
        std::size_t widest = 0;
        for (std::size_t i = 1; i < result.size(); ++i)
            widest = spare(i) >= spare(widest) ? i : widest;
        if (spare(widest) == 0)
            break;
        --result[widest];
    }
    return result;
}

std::string table::text(layout shown) const {
    const auto sizes = widths(columns_of(shown));
    const auto last = static_cast<std::size_t>(
        std::ranges::find_if(sizes.rbegin(), sizes.rend(), [](auto w) { return w > 0; }).base() -
        sizes.begin());
    std::string text;
    for (std::size_t i = 0; i < last; ++i) {
        if (sizes[i] > 0)
            append(text, {columns_[i].title}, sizes[i], i + 1 == last, false);
    }
    text += '\n';
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < last; ++i) {
            if (sizes[i] > 0)
                append(text, row[i], sizes[i], i + 1 == last, shown.coloured);
        }
        text += '\n';
    }
    return text;
}

} // namespace heraldctl
