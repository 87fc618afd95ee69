#pragma once

#include "herald/config/document.hpp"
#include "herald/config/known_keys.hpp"
#include "herald/config/values.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace herald::config {

template <typename T>
struct located {
    T value;
    place where;
};

/// A table with its name in problems ("service.check").
struct named_table {
    const table* entries = nullptr;
    place where;
    std::string name;
};

/// Reads a table's keys as the types they are to have, and notes what is wrong. What it returns is
/// right; none also when the key is absent.
class table_reader {
public:
    /// `defaults` stands in for the keys that `main` lacks.
    table_reader(named_table main, problem_list& problems, named_table defaults = {});

    /// Whether the key is there, and whether it is so without the defaults.
    bool has(std::string_view key) const { return find(key).value != nullptr; }
    bool owns(std::string_view key) const;
    bool is_empty_array(std::string_view key) const;
    /// Whether `key` holds against `other`, which it excludes: one of the table itself wins over
    /// one of the defaults, and two of equal standing are an error.
    bool prevails(std::string_view key, std::string_view other);
    /// Whether `key` is one of the defaults, and the table itself has `by`, which it excludes.
    bool is_overridden(std::string_view key, std::string_view by) const;

    /// What follows reads this key.
    void begin(const known_key& key);
    /// Warns when the file is one that everybody can read.
    void note_secret(place where, std::string_view key);

    std::optional<std::string> text(std::string_view key, std::size_t longest = 1024);
    std::optional<bool> flag(std::string_view key);
    std::optional<std::chrono::milliseconds>
    duration(std::string_view key, std::chrono::milliseconds least, std::chrono::milliseconds most);
    template <typename T>
    std::optional<T> number(std::string_view key, T least, T most = std::numeric_limits<T>::max());
    /// One of a few words.
    template <typename T>
    std::optional<T> choice(std::string_view key,
                            const std::vector<std::pair<std::string_view, T>>& words);
    /// A text that `parse` takes: std::string_view → std::expected<T, std::string>.
    template <typename Parser>
    auto parsed(std::string_view key, Parser parse);
    /// An array of such texts.
    template <typename Parser>
    auto parsed_list(std::string_view key, Parser parse, std::size_t longest_list);
    std::vector<located<std::string>> texts(std::string_view key, std::size_t longest_list,
                                            std::size_t longest_text = 1024);

    std::optional<named_table> subtable(std::string_view key);
    std::vector<named_table> subtables(std::string_view key);
    /// What `key` switches: none when it is absent, false or wrong. Else a reader of its table,
    /// whose keys the defaults' table stands in for; of the defaults' alone when `key` is true.
    std::optional<table_reader> switched_table(std::string_view key);

    /// Notes "KEY: message" at the key's value, or else at the table.
    void fail(std::string_view key, const std::string& message);
    void warn(std::string_view key, const std::string& message);
    /// The same of an element of the key's array.
    void fail_at(place where, std::string_view key, const std::string& message);

    const node* value(std::string_view key) const { return find(key).value; }
    place where(std::string_view key) const;
    place where() const { return main_.where; }
    const std::string& name() const { return main_.name; }
    problem_list& problems() { return *problems_; }

private:
    struct entry {
        const named_table* owner = nullptr;
        const node* value = nullptr;
    };
    entry find(std::string_view key) const;
    std::string path(std::string_view key) const;
    /// A value that is refused, as the message begins with it: in quotes, unless it may hold a
    /// password.
    std::string quoted(std::string_view text) const;
    void wrong_type(std::string_view key, const node& found, std::string_view expected);
    template <typename T>
    const T* typed(std::string_view key, std::string_view expected);
    bool is_good_text(std::string_view key, const located<std::string_view>& found,
                      std::size_t longest);
    std::optional<std::int64_t> integer(std::string_view key, std::int64_t least,
                                        std::int64_t most);

    named_table main_;
    named_table defaults_;
    problem_list* problems_;
    bool never_quotes_ = false;
};

template <typename T>
std::optional<T> table_reader::number(std::string_view key, T least, T most) {
    const auto found = integer(key, std::int64_t{least}, std::int64_t{most});
    if (!found)
        return std::nullopt;
    return static_cast<T>(*found);
}

template <typename T>
std::optional<T> table_reader::choice(std::string_view key,
                                      const std::vector<std::pair<std::string_view, T>>& words) {
    const auto found = text(key);
    if (!found)
        return std::nullopt;
    std::string all;
    for (const auto& [word, meaning] : words) {
        if (*found == word)
            return meaning;
        all += (all.empty() ? "" : ", ") + std::string(word);
    }
    fail(key, quoted(*found) + "expected one of " + all);
    return std::nullopt;
}

template <typename Parser>
auto table_reader::parsed(std::string_view key, Parser parse) {
    using result = typename std::invoke_result_t<Parser, std::string_view>::value_type;
    const auto found = text(key);
    if (!found)
        return std::optional<result>();
    auto value = std::invoke(parse, std::string_view(*found));
    if (value)
        return std::optional<result>(*std::move(value));
    fail(key, quoted(*found) + value.error());
    return std::optional<result>();
}

template <typename Parser>
auto table_reader::parsed_list(std::string_view key, Parser parse, std::size_t longest_list) {
    using result = typename std::invoke_result_t<Parser, std::string_view>::value_type;
    std::vector<located<result>> all;
    for (const auto& [text, where] : texts(key, longest_list)) {
        auto value = std::invoke(parse, std::string_view(text));
        if (value)
            all.push_back({*std::move(value), where});
        else
            fail_at(where, key, quoted(text) + value.error());
    }
    return all;
}

} // namespace herald::config
