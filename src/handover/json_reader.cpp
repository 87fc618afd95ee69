#include "herald/handover/json_reader.hpp"

#include "herald/text/harmless.hpp"

#include <boost/json.hpp>

namespace herald::handover {

namespace {

namespace json = boost::json;

/// Longer keys, and those with harmful characters, are nobody's.
constexpr std::size_t longest_shown_key = 64;

std::string shown_key(std::string_view key) {
    return text::harmless(text::cut(key, longest_shown_key));
}

/// Looks for `wanted` in `from`, and puts its place before what `place` has.
bool find_place(const json::value& from, const json::value* wanted, std::string& place) {
    if (&from == wanted)
        return true;
    if (const auto* const object = from.if_object()) {
        for (const auto& each : *object)
            if (find_place(each.value(), wanted, place)) {
                place.insert(0, "." + shown_key(each.key()));
                return true;
            }
    } else if (const auto* const array = from.if_array()) {
        for (std::size_t i = 0; i < array->size(); ++i)
            if (find_place((*array)[i], wanted, place)) {
                place.insert(0, fmt::format("[{}]", i));
                return true;
            }
    }
    return false;
}

/// 0 to 15; 16: not a digit.
unsigned digit_of(char each) {
    if (each >= '0' && each <= '9')
        return static_cast<unsigned>(each - '0');
    if (each >= 'a' && each <= 'f')
        return static_cast<unsigned>(each - 'a' + 10);
    return 16;
}

/// None: these are not pairs of digits.
std::optional<std::vector<std::uint8_t>> read_digits(std::string_view digits) {
    if (digits.size() % 2 != 0)
        return std::nullopt;
    std::vector<std::uint8_t> octets;
    octets.reserve(digits.size() / 2);
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        const auto high = digit_of(digits[i]);
        const auto low = digit_of(digits[i + 1]);
        if (high > 15 || low > 15)
            return std::nullopt;
        octets.push_back(static_cast<std::uint8_t>(high * 16 + low));
    }
    return octets;
}

} // namespace

json_reader json_document::root() {
    return {*this, &root_};
}

/// A place is looked for when it is needed, which it hardly ever is.
void json_reader::fail(std::string_view why) const {
    if (value_ == nullptr || document_->fault_)
        return;
    std::string place;
    find_place(document_->root_, value_, place);
    if (place.starts_with('.'))
        place.erase(0, 1);
    document_->fault_ = fmt::format("{}{}{}", place, place.empty() ? "" : ": ", why);
}

void json_reader::fail_number(std::string_view least, std::string_view most) const {
    fail(fmt::format("it is not a whole number from {} to {}", least, most));
}

const json::value& json_reader::value() const {
    static const json::value null;
    return value_ != nullptr ? *value_ : null;
}

const json::value* json_reader::find(std::string_view key, bool required) const {
    const auto* const object = value().if_object();
    const auto* const found = object != nullptr ? object->if_contains(key) : nullptr;
    if (object == nullptr)
        fail("it is not an object");
    else if (found == nullptr && required)
        fail(fmt::format("\"{}\" is missing", key));
    return found;
}

json_reader json_reader::member(std::string_view key) const {
    return {*document_, find(key, true)};
}

std::optional<json_reader> json_reader::nullable(std::string_view key) const {
    const auto* const found = find(key, true);
    return found != nullptr && !found->is_null() ? std::optional(json_reader(*document_, found))
                                                 : std::nullopt;
}

std::optional<json_reader> json_reader::optional(std::string_view key) const {
    const auto* const found = find(key, false);
    return found != nullptr && !found->is_null() ? std::optional(json_reader(*document_, found))
                                                 : std::nullopt;
}

std::vector<std::pair<std::string_view, json_reader>>
json_reader::members(std::size_t limit) const {
    std::vector<std::pair<std::string_view, json_reader>> all;
    const auto* const object = value().if_object();
    if (object == nullptr)
        fail("it is not an object");
    else if (object->size() > limit)
        fail(fmt::format("it has more than {} keys", limit));
    else
        for (const auto& each : *object)
            all.emplace_back(each.key(), json_reader(*document_, &each.value()));
    return all;
}

std::vector<json_reader> json_reader::elements(std::size_t limit) const {
    std::vector<json_reader> all;
    const auto* const array = value().if_array();
    if (array == nullptr)
        fail("it is not an array");
    else if (array->size() > limit)
        fail(fmt::format("it has more than {} elements", limit));
    else
        for (const auto& each : *array)
            all.push_back({*document_, &each});
    return all;
}

bool json_reader::boolean() const {
    const auto* const found = value().if_bool();
    if (found == nullptr)
        fail("it is neither true nor false");
    return found != nullptr && *found;
}

std::chrono::steady_clock::time_point json_reader::steady_time() const {
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(integer<std::int64_t>()));
}

std::chrono::system_clock::time_point json_reader::wall_time() const {
    return std::chrono::system_clock::time_point(std::chrono::nanoseconds(integer<std::int64_t>()));
}

std::string json_reader::text(std::size_t limit) const {
    if (value().is_object()) {
        const auto octets = member("octets").octets(limit);
        return {octets.begin(), octets.end()};
    }
    const auto* const string = value().if_string();
    if (string == nullptr)
        fail("it is not a string");
    else if (string->size() > limit)
        fail(fmt::format("it is longer than {} octets", limit));
    else
        return {string->begin(), string->end()};
    return {};
}

std::vector<std::uint8_t> json_reader::octets(std::size_t limit) const {
    const auto* const string = value().if_string();
    if (string == nullptr) {
        fail("it is not a string");
    } else if (string->size() / 2 > limit) {
        fail(fmt::format("it is more than {} octets", limit));
    } else {
        if (auto octets = read_digits(*string))
            return std::move(*octets);
        fail("it is not octets of two digits each");
    }
    return {};
}

} // namespace herald::handover
