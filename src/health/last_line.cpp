#include "herald/health/last_line.hpp"

#include "herald/text/harmless.hpp"

#include <algorithm>

namespace herald::health {

namespace {

constexpr std::string_view blanks = " \t\r\v\f";

std::string_view trimmed(std::string_view text) {
    auto begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

} // namespace

std::string printable(std::string_view text) {
    auto shown = text::harmless(text);
    shown.resize(text::cut(shown, max_output).size());
    return shown;
}

void last_line::add(std::string_view piece) {
    for (auto end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
        append(piece.substr(0, end));
        piece.remove_prefix(end + 1);
        if (!trimmed(current_).empty())
            complete_.swap(current_);
        current_.clear();
    }
    append(piece);
}

void last_line::append(std::string_view part) {
    // A few octets more than are shown, so that the cut falls between characters and not within
    // the last one.
    constexpr auto kept = max_output + 4;
    if (current_.empty())
        part.remove_prefix(std::min(part.find_first_not_of(blanks), part.size()));
    current_ += part.substr(0, kept - current_.size());
}

std::string last_line::text() const {
    auto last = trimmed(current_);
    return printable(trimmed(last.empty() ? std::string_view(complete_) : last));
}

} // namespace herald::health
