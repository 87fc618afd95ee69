#pragma once

#include "herald/config/problem_list.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace herald::config {

struct node;
struct member;

using array = std::vector<node>;
/// Sorted by key.
using table = std::vector<member>;

/// A value of a type that no key has: a float, a date or a time.
struct foreign_value {
    std::string_view type; // "a float"
};

/// A value of a TOML document and where it stands.
struct node {
    place where;
    std::variant<std::string, std::int64_t, bool, foreign_value, array, table> value;
};

struct member {
    std::string key;
    place where; // of the key
    node value;
};

/// "a string", "an array" …
std::string_view type_name(const node& value);

/// The value of `key`, or null.
const member* find(const table& entries, std::string_view key);

/// The largest text that is read.
inline constexpr std::size_t largest_document = std::size_t{1} << 20U;

/// The root table of a TOML text, or none after a problem was noted. The parser stops at the first
/// fault of syntax, so there is one problem at most.
std::optional<table> read_document(std::string_view text, problem_list& problems);

} // namespace herald::config
