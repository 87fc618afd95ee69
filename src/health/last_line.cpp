#include "herald/health/last_line.hpp"

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

unsigned octet(std::string_view text, std::size_t index) {
    return static_cast<unsigned char>(text[index]);
}

/// The octets that `lead` begins a character of, RFC 3629 §4; 0: none.
std::size_t length_by_lead(unsigned lead) {
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef)
        return 3;
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/// Neither overlong, nor a surrogate, nor beyond U+10FFFF, RFC 3629 §4.
bool second_octet_fits(unsigned lead, unsigned second) {
    switch (lead) {
    case 0xe0: return second >= 0xa0;
    case 0xed: return second <= 0x9f;
    case 0xf0: return second >= 0x90;
    case 0xf4: return second <= 0x8f;
    default: return true;
    }
}

/// The length of the UTF-8 character that `text` begins with; 0 when there is none.
std::size_t character_length(std::string_view text) {
    auto length = length_by_lead(octet(text, 0));
    if (length > text.size())
        return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((octet(text, i) & 0xc0) != 0x80)
            return 0;
    return length > 1 && !second_octet_fits(octet(text, 0), octet(text, 1)) ? 0 : length;
}

/// C0, DEL, and C1, which terminals obey too.
bool is_control(std::string_view character) {
    auto first = octet(character, 0);
    return first < 0x20 || first == 0x7f || (first == 0xc2 && octet(character, 1) < 0xa0);
}

} // namespace

std::string printable(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        auto length = character_length(text);
        auto character = text.substr(0, std::max<std::size_t>(length, 1));
        text.remove_prefix(character.size());
        if (character == "\t")
            character = " ";
        else if (length == 0 || is_control(character))
            character = "?";
        if (result.size() + character.size() > max_output)
            break;
        result += character;
    }
    return result;
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
