#include "herald/wire/as_path.hpp"

#include <algorithm>
#include <span>

namespace herald::wire {
namespace {

constexpr std::size_t longest_segment = 255;

bool is_confederation(const as_segment& segment) {
    return segment.type == as_segment::kind::confed_sequence ||
           segment.type == as_segment::kind::confed_set;
}

/// How much a segment adds to the path's length, RFC 4271 §9.1.2.2, RFC 5065 §5.3.
std::size_t length_of(const as_segment& segment) {
    switch (segment.type) {
    case as_segment::kind::set: return 1;
    case as_segment::kind::sequence: return segment.numbers.size();
    case as_segment::kind::confed_sequence:
    case as_segment::kind::confed_set: return 0;
    }
    return 0;
}

std::size_t length_of(const as_path& path) {
    std::size_t length = 0;
    for (const auto& segment : path)
        length += length_of(segment);
    return length;
}

/// The leading part of `path` of a given length, and the confederation segments next to it.
as_path leading_part(const as_path& path, std::size_t length) {
    as_path result;
    for (const auto& segment : path) {
        const auto taken = std::min(length, length_of(segment));
        if (taken == length_of(segment)) {
            result.push_back(segment);
        } else {
            if (taken > 0)
                result.push_back({segment.type,
                                  {segment.numbers.begin(),
                                   segment.numbers.begin() + static_cast<std::ptrdiff_t>(taken)}});
            break;
        }
        length -= taken;
    }
    return result;
}

/// Appends a segment; what was one sequence before an old speaker prepended becomes one again.
void join(as_path& path, const as_segment& segment) {
    const auto sequence = as_segment::kind::sequence;
    if (!path.empty() && path.back().type == sequence && segment.type == sequence &&
        path.back().numbers.size() + segment.numbers.size() <= longest_segment)
        path.back().numbers.insert(path.back().numbers.end(), segment.numbers.begin(),
                                   segment.numbers.end());
    else
        path.push_back(segment);
}

} // namespace

as_path read_as_path(octets value, std::size_t width) {
    as_path path;
    reader from(value);
    while (const auto type = from.read<std::uint8_t>()) {
        as_segment segment{static_cast<as_segment::kind>(*type), {}};
        const std::size_t count = from.read<std::uint8_t>().value_or(0);
        segment.numbers.reserve(count);
        for (std::size_t i = 0; i < count; ++i)
            segment.numbers.push_back(width == 4 ? from.read<std::uint32_t>().value_or(0)
                                                 : from.read<std::uint16_t>().value_or(0));
        path.push_back(std::move(segment));
    }
    return path;
}

void write_as_path(writer& to, const as_path& path, std::size_t width) {
    for (const auto& segment : path) {
        std::span rest(segment.numbers);
        while (!rest.empty()) {
            const auto part = rest.first(std::min(rest.size(), longest_segment));
            to.write(static_cast<std::uint8_t>(segment.type));
            to.write(static_cast<std::uint8_t>(part.size()));
            for (const auto number : part)
                if (width == 4)
                    to.write(number);
                else
                    to.write(static_cast<std::uint16_t>(
                        net::fits_two_octets(number) ? number : net::as_trans));
            rest = rest.subspan(part.size());
        }
    }
}

as_path as4_path_of(const as_path& path) {
    as_path result = path;
    std::erase_if(result, is_confederation);
    return result;
}

bool needs_four_octets(const as_path& path) {
    for (const auto& segment : path)
        if (!is_confederation(segment) &&
            !std::ranges::all_of(segment.numbers, net::fits_two_octets))
            return true;
    return false;
}

as_path merge_as4_path(const as_path& path, const as_path& as4_path) {
    const auto known = as4_path_of(as4_path); // confederation segments are discarded, RFC 6793 §6
    const auto length = length_of(path), known_length = length_of(known);
    if (length < known_length)
        return path;
    auto result = leading_part(path, length - known_length);
    for (const auto& segment : known)
        join(result, segment);
    return result;
}

} // namespace herald::wire
