#pragma once

#include "herald/handover/json_names.hpp"

#include <boost/json/value.hpp>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <fmt/format.h>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace herald::handover {

class json_reader;

/// A JSON value that is read as a whole, and the first thing that was found to be wrong with it.
/// The value must outlive it.
class json_document {
public:
    explicit json_document(const boost::json::value& root) : root_(root) {}
    json_document(const json_document&) = delete;
    json_document& operator=(const json_document&) = delete;

    json_reader root();
    /// One line with the place: "connections[0].fsm.state: it is missing".
    const std::optional<std::string>& fault() const { return fault_; }
    /// What was read, or the fault.
    template <typename Value>
    std::expected<Value, std::string> result(Value read) const {
        if (fault_)
            return std::unexpected(*fault_);
        return read;
    }

private:
    friend class json_reader;

    const boost::json::value& root_;
    std::optional<std::string> fault_;
};

/// A value of a document. It never throws: what is not as it has to be is noted in the document,
/// and reads as nothing (0, "", false, the first name), which is not to be used then. Keys that
/// nobody asks for do not matter. It is small, to be passed by value.
class json_reader {
public:
    /// The value of this key, which has to be there.
    json_reader member(std::string_view key) const;
    /// The value of this key, which has to be there; none: it is null.
    std::optional<json_reader> nullable(std::string_view key) const;
    /// The value of a key that older versions do not write; none: it is missing, or null.
    std::optional<json_reader> optional(std::string_view key) const;
    /// All keys of an object, `limit` at most, and their values.
    std::vector<std::pair<std::string_view, json_reader>> members(std::size_t limit) const;
    /// The elements of an array, `limit` at most.
    std::vector<json_reader> elements(std::size_t limit) const;

    bool boolean() const;
    template <std::integral Number>
    Number integer(Number least = std::numeric_limits<Number>::min(),
                   Number most = std::numeric_limits<Number>::max()) const;
    /// A number of units; see json_time().
    template <typename Duration>
    Duration duration(Duration least, Duration most) const;
    /// Nanoseconds since the clock's epoch; see json_time().
    std::chrono::steady_clock::time_point steady_time() const;
    std::chrono::system_clock::time_point wall_time() const;
    /// Text of `limit` octets at most; see json_text().
    std::string text(std::size_t limit) const;
    /// `limit` octets at most; see json_octets().
    std::vector<std::uint8_t> octets(std::size_t limit) const;
    /// One of these names.
    template <typename Value, std::size_t Count>
    Value choice(const json_names<Value, Count>& names) const;

    /// Notes that the value is not as it has to be: "it is …", "there is no …".
    void fail(std::string_view why) const;
    /// The value as it is; null after a fault.
    const boost::json::value& value() const;

private:
    friend class json_document;

    json_reader(json_document& document, const boost::json::value* value)
        : document_(&document)
        , value_(value) {}

    const boost::json::value* find(std::string_view key, bool required) const;
    void fail_number(std::string_view least, std::string_view most) const;

    json_document* document_;
    const boost::json::value* value_; // null: something was found to be wrong before
};

template <std::integral Number>
Number json_reader::integer(Number least, Number most) const {
    static_assert(!std::same_as<Number, bool>);
    const auto fits = [&](auto number) {
        return !std::cmp_less(number, least) && !std::cmp_greater(number, most);
    };
    if (value_ == nullptr)
        return 0;
    if (const auto* const number = value_->if_int64(); number != nullptr && fits(*number))
        return static_cast<Number>(*number);
    if (const auto* const number = value_->if_uint64(); number != nullptr && fits(*number))
        return static_cast<Number>(*number);
    fail_number(fmt::to_string(least), fmt::to_string(most));
    return 0;
}

template <typename Duration>
Duration json_reader::duration(Duration least, Duration most) const {
    return Duration(integer(least.count(), most.count()));
}

template <typename Value, std::size_t Count>
Value json_reader::choice(const json_names<Value, Count>& names) const {
    constexpr std::size_t longest_name = 64;
    const auto name = text(longest_name);
    for (const auto& [known, value] : names)
        if (known == name)
            return value;
    fail("it is not one of the known names");
    return names.front().second;
}

} // namespace herald::handover
