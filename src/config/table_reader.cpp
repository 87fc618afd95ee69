#include "herald/config/table_reader.hpp"

#include "herald/text/duration.hpp"

#include <fmt/format.h>
#include <variant>

namespace herald::config {

namespace {

/// The table at `key`, empty when there is none.
named_table table_within(const named_table& owner, std::string_view key) {
    named_table within{nullptr, owner.where, fmt::format("{}.{}", owner.name, key)};
    const auto* found = owner.entries != nullptr ? find(*owner.entries, key) : nullptr;
    if (found != nullptr) {
        within.where = found->value.where;
        within.entries = std::get_if<table>(&found->value.value);
    }
    return within;
}

} // namespace

table_reader::table_reader(named_table main, problem_list& problems, named_table defaults)
    : main_(std::move(main))
    , defaults_(std::move(defaults))
    , problems_(&problems) {}

table_reader::entry table_reader::find(std::string_view key) const {
    for (const auto* from : {&main_, &defaults_})
        if (from->entries != nullptr)
            if (const auto* found = config::find(*from->entries, key))
                return {from, &found->value};
    return {};
}

bool table_reader::owns(std::string_view key) const {
    return find(key).owner == &main_;
}

bool table_reader::is_empty_array(std::string_view key) const {
    const auto* found = value(key);
    const auto* elements = found != nullptr ? std::get_if<array>(&found->value) : nullptr;
    return elements != nullptr && elements->empty();
}

bool table_reader::is_overridden(std::string_view key, std::string_view by) const {
    return has(by) && owns(by) && !owns(key);
}

bool table_reader::prevails(std::string_view key, std::string_view other) {
    if (!has(key) || !has(other) || owns(key) != owns(other))
        return has(key) && !is_overridden(key, other);
    fail(key, fmt::format("excludes {}: leave one of them out", other));
    return false;
}

place table_reader::where(std::string_view key) const {
    const auto found = find(key);
    return found.value != nullptr ? found.value->where : main_.where;
}

std::string table_reader::path(std::string_view key) const {
    const auto found = find(key);
    const auto& owner = found.owner != nullptr ? *found.owner : main_;
    return owner.name.empty() ? std::string(key) : fmt::format("{}.{}", owner.name, key);
}

void table_reader::fail_at(place where, std::string_view key, const std::string& message) {
    if (!problems_->drops_error())
        problems_->error(where, path(key) + ": " + message);
}

void table_reader::fail(std::string_view key, const std::string& message) {
    fail_at(where(key), key, message);
}

void table_reader::warn(std::string_view key, const std::string& message) {
    problems_->warning(where(key), path(key) + ": " + message);
}

void table_reader::begin(const known_key& key) {
    never_quotes_ = key.hidden != secrecy::none;
    if (key.is_required && !has(key.name))
        fail(key.name, "missing, but required");
    if (key.hidden == secrecy::secret && has(key.name))
        note_secret(where(key.name), key.name);
}

void table_reader::note_secret(place where, std::string_view key) {
    if (problems_->world_readable())
        problems_->warning(where, path(key) + ": a secret in a file that every user can read; its "
                                              "mode should be 0600 or 0640");
}

std::string table_reader::quoted(std::string_view text) const {
    return never_quotes_ ? std::string() : in_quotes(text) + ": ";
}

void table_reader::wrong_type(std::string_view key, const node& found, std::string_view expected) {
    fail_at(found.where, key, fmt::format("expected {}, not {}", expected, type_name(found)));
}

template <typename T>
const T* table_reader::typed(std::string_view key, std::string_view expected) {
    const auto* found = value(key);
    if (found == nullptr)
        return nullptr;
    const auto* right = std::get_if<T>(&found->value);
    if (right == nullptr)
        wrong_type(key, *found, expected);
    return right;
}

bool table_reader::is_good_text(std::string_view key, const located<std::string_view>& found,
                                std::size_t longest) {
    if (found.value.size() > longest)
        fail_at(found.where, key, fmt::format("longer than {} octets", longest));
    else if (found.value.contains('\0'))
        fail_at(found.where, key, "has a NUL character");
    else
        return true;
    return false;
}

std::optional<std::string> table_reader::text(std::string_view key, std::size_t longest) {
    const auto* found = typed<std::string>(key, "a string");
    if (found == nullptr || !is_good_text(key, {*found, where(key)}, longest))
        return std::nullopt;
    return *found;
}

std::vector<located<std::string>>
table_reader::texts(std::string_view key, std::size_t longest_list, std::size_t longest_text) {
    const auto* elements = typed<array>(key, "an array of strings");
    if (elements == nullptr)
        return {};
    if (elements->size() > longest_list) {
        fail(key, fmt::format("more than {} elements", longest_list));
        return {};
    }
    std::vector<located<std::string>> all;
    for (const auto& element : *elements) {
        const auto* found = std::get_if<std::string>(&element.value);
        if (found == nullptr)
            wrong_type(key, element, "an array of strings");
        else if (is_good_text(key, {*found, element.where}, longest_text))
            all.push_back({*found, element.where});
    }
    return all;
}

std::optional<bool> table_reader::flag(std::string_view key) {
    const auto* found = typed<bool>(key, "true or false");
    return found != nullptr ? std::optional(*found) : std::nullopt;
}

std::optional<std::int64_t> table_reader::integer(std::string_view key, std::int64_t least,
                                                  std::int64_t most) {
    const auto expected = fmt::format("an integer from {} to {}", least, most);
    const auto* found = typed<std::int64_t>(key, expected);
    if (found == nullptr)
        return std::nullopt;
    if (*found >= least && *found <= most)
        return *found;
    fail(key, fmt::format("expected {}, not {}", expected, *found));
    return std::nullopt;
}

std::optional<std::chrono::milliseconds> table_reader::duration(std::string_view key,
                                                                std::chrono::milliseconds least,
                                                                std::chrono::milliseconds most) {
    if (typed<std::string>(key, "a string such as \"30s\"") == nullptr)
        return std::nullopt;
    const auto found = parsed(key, text::parse_duration);
    if (!found || (*found >= least && *found <= most))
        return found;
    fail(key, fmt::format("expected {} to {}, not {}", text::exact_duration(least),
                          text::exact_duration(most), text::exact_duration(*found)));
    return std::nullopt;
}

std::optional<named_table> table_reader::subtable(std::string_view key) {
    const auto* found = value(key);
    if (found == nullptr)
        return std::nullopt;
    const auto name = path(key);
    if (const auto* entries = std::get_if<table>(&found->value))
        return named_table{entries, found->where, name};
    wrong_type(key, *found, fmt::format("a table: [{}]", name));
    return std::nullopt;
}

std::optional<table_reader> table_reader::switched_table(std::string_view key) {
    const auto found = find(key);
    if (found.value == nullptr)
        return std::nullopt;
    if (const auto* on = std::get_if<bool>(&found.value->value)) {
        if (!*on)
            return std::nullopt;
    } else if (!std::holds_alternative<table>(found.value->value)) {
        wrong_type(key, *found.value, fmt::format("true, false or a table: [{}]", path(key)));
        return std::nullopt;
    }
    const auto defaults = table_within(defaults_, key);
    if (found.owner == &main_)
        return table_reader(table_within(main_, key), *problems_, defaults);
    return table_reader({nullptr, defaults.where, defaults.name}, *problems_, defaults);
}

std::vector<named_table> table_reader::subtables(std::string_view key) {
    const auto name = path(key);
    const auto expected = fmt::format("an array of tables: [[{}]]", name);
    const auto* elements = typed<array>(key, expected);
    if (elements == nullptr)
        return {};
    std::vector<named_table> all;
    for (const auto& element : *elements) {
        if (const auto* entries = std::get_if<table>(&element.value))
            all.push_back({entries, element.where, name});
        else
            wrong_type(key, element, expected);
    }
    return all;
}

} // namespace herald::config
