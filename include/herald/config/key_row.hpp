#pragma once

#include "herald/config/known_keys.hpp"
#include "herald/config/table_reader.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace herald::config {

/// One key of a table whose settings are a `Target`: what is known of it, how it is read, and
/// whether two settings differ in it. All that herald does with a key follows from its row.
///
/// `place` finds the value in the settings: a pointer to a member, or a path of them made by at().
/// `reader` reads it: (table_reader&, std::string_view key, Value& into).
template <typename Target>
struct key_row : known_key {
    template <typename Place, typename Reader>
    key_row(std::string_view key, Place place, Reader reader)
        : known_key{.name = key, .told_as = key}
        , read([=](table_reader& from, Target& into) {
            reader(from, key, std::invoke(place, into));
        })
        , differs([=](const Target& now, const Target& next) {
            return std::invoke(place, now) != std::invoke(place, next);
        }) {}

    /// A key of another table, that is only compared here.
    template <typename Place>
    key_row(std::string_view key, Place place)
        : key_row(key, place, [](table_reader&, std::string_view, auto&) {}) {}

    key_row required() && {
        is_required = true;
        return std::move(*this);
    }
    /// The value as herald.toml would say it.
    key_row defaults_to(std::string_view value) && {
        fallback = value;
        return std::move(*this);
    }
    key_row resets_session() && {
        on_change = effect::new_session;
        return std::move(*this);
    }
    key_row needs_restart() && {
        on_change = effect::restart;
        return std::move(*this);
    }
    key_row is_secret() && {
        hidden = secrecy::secret;
        return std::move(*this);
    }
    /// Who writes it wrong may have written a password.
    key_row is_never_quoted() && {
        hidden = secrecy::never_quoted;
        return std::move(*this);
    }
    /// Another key that says the same thing.
    key_row same_as(std::string_view other) && {
        told_as = other;
        return std::move(*this);
    }

    /// For a key that decides on more than one value.
    key_row differs_if(std::function<bool(const Target&, const Target&)> differ) && {
        differs = std::move(differ);
        return std::move(*this);
    }

    std::function<void(table_reader&, Target&)> read;
    std::function<bool(const Target&, const Target&)> differs;
};

template <typename Target>
using key_rows = std::vector<key_row<Target>>;

/// at(&a::b, &b::c) is the `b.c` of an `a`.
template <typename First, typename... Rest>
auto at(First first, Rest... rest) {
    return [=](auto& whole) -> auto& {
        if constexpr (sizeof...(rest) == 0)
            return std::invoke(first, whole);
        else
            return at(rest...)(std::invoke(first, whole));
    };
}

/// Reads every key of the table that has a row.
template <typename Target>
void read_rows(const key_rows<Target>& rows, table_reader& from, Target& into) {
    for (const auto& row : rows) {
        from.begin(row);
        row.read(from, into);
    }
}

template <typename Target>
std::vector<known_key> keys_of(const key_rows<Target>& rows) {
    return {rows.begin(), rows.end()};
}

// Readers. What is absent or wrong leaves the value as it is.

template <typename T, typename Value>
void keep(std::optional<T> found, Value& into) {
    if constexpr (std::is_same_v<Value, std::optional<T>>) {
        if (found)
            into = std::move(found);
    } else if (found)
        into = *std::move(found);
}

inline auto as_flag() {
    return [](table_reader& from, std::string_view key, auto& into) { keep(from.flag(key), into); };
}

inline auto as_text(std::size_t longest) {
    return [=](table_reader& from, std::string_view key, std::string& into) {
        if (auto found = from.text(key, longest))
            into = *std::move(found);
    };
}

template <typename T>
auto as_number(T least, T most = std::numeric_limits<T>::max()) {
    return [=](table_reader& from, std::string_view key, auto& into) {
        keep(from.number<T>(key, least, most), into);
    };
}

inline auto as_duration(std::chrono::milliseconds least, std::chrono::milliseconds most) {
    return [=](table_reader& from, std::string_view key, auto& into) {
        keep(from.duration(key, least, most), into);
    };
}

/// One of a few words.
template <typename T>
auto as_choice(std::vector<std::pair<std::string_view, T>> words) {
    return [words = std::move(words)](table_reader& from, std::string_view key, auto& into) {
        keep(from.choice(key, words), into);
    };
}

/// A text that `parse` takes.
template <typename Parser>
auto as_parsed(Parser parse) {
    return [=](table_reader& from, std::string_view key, auto& into) {
        keep(from.parsed(key, parse), into);
    };
}

/// An array of such texts, which replaces what is there.
template <typename Parser>
auto as_list(Parser parse, std::size_t longest) {
    return [=](table_reader& from, std::string_view key, auto& into) {
        if (from.has(key))
            into.clear();
        for (auto& [value, where] : from.parsed_list(key, parse, longest))
            into.push_back(std::move(value));
    };
}

/// The same, in which nothing stands twice.
template <typename Parser>
auto as_set(Parser parse, std::size_t longest) {
    return [=](table_reader& from, std::string_view key, auto& into) {
        for (auto& [value, where] : from.parsed_list(key, parse, longest)) {
            if (std::ranges::find(into, value) != into.end())
                from.fail_at(where, key, value.to_string() + " is there twice");
            else
                into.push_back(std::move(value));
        }
    };
}

} // namespace herald::config
