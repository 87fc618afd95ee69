#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace herald::handover {

/// The values of an enumeration and what they are called in JSON, so that their numbers may change.
template <typename Value, std::size_t Count>
using json_names = std::array<std::pair<std::string_view, Value>, Count>;

/// The name of a value, which has one.
template <typename Value, std::size_t Count>
constexpr std::string_view name_of(Value value, const json_names<Value, Count>& names) {
    for (const auto& [name, known] : names)
        if (known == value)
            return name;
    return {};
}

} // namespace herald::handover
