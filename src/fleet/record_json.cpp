#include "herald/fleet/record_json.hpp"

#include "herald/text/harmless.hpp"
#include "herald/text/time.hpp"

#include <array>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <limits>
#include <optional>
#include <utility>

namespace herald::fleet {

namespace {

namespace json = boost::json;
using net::announcement;

constexpr std::array<announcement, 6> announcements{announcement::none,     announcement::normal,
                                                    announcement::degraded, announcement::draining,
                                                    announcement::down,     announcement::held};
constexpr std::array<std::pair<std::string_view, permit_reason>, 2> reasons{
    {{"health", permit_reason::health}, {"drain", permit_reason::drain}}};

/// Reads an object's members. The first thing that is wrong is kept; what was read then is not to
/// be used.
class member_reader {
public:
    explicit member_reader(const json::object& from) : from_(from) {}

    /// Empty if there is none.
    std::string text(std::string_view key) {
        const auto* value = from_.if_contains(key);
        if (value == nullptr || value->is_string())
            return value == nullptr ? std::string() : std::string(value->as_string());
        fail(key, "not a text");
        return {};
    }

    announcement heard(std::string_view key) {
        const auto name = text(key);
        for (const auto known : announcements)
            if (net::to_string(known) == name)
                return known;
        fail(key, "not one of the known states");
        return announcement::none;
    }

    permit_reason reason(std::string_view key) {
        const auto name = text(key);
        for (const auto& [known, value] : reasons)
            if (known == name)
                return value;
        fail(key, "neither health nor drain");
        return permit_reason::health;
    }

    unsigned number(std::string_view key) {
        constexpr auto most = std::numeric_limits<unsigned>::max();
        const auto* value = from_.if_contains(key);
        const auto* number = value == nullptr ? nullptr : value->if_int64();
        if (number != nullptr && std::in_range<unsigned>(*number))
            return static_cast<unsigned>(*number);
        fail(key, fmt::format("not a number from 0 to {}", most));
        return 0;
    }

    wall_time time(std::string_view key) {
        const auto read = text::from_rfc3339(text(key));
        if (!read)
            fail(key, "not a time in UTC (RFC 3339)");
        return read.value_or(wall_time());
    }

    /// Null if there is none.
    const json::object* object(std::string_view key) {
        const auto* value = from_.if_contains(key);
        if (value == nullptr || value->is_object())
            return value == nullptr ? nullptr : &value->as_object();
        fail(key, "not an object");
        return nullptr;
    }

    const std::optional<std::string>& fault() const { return fault_; }

private:
    void fail(std::string_view key, std::string_view why) {
        if (!fault_)
            fault_ = from_.contains(key) ? fmt::format("\"{}\" is {}", key, why)
                                         : fmt::format("\"{}\" is missing", key);
    }

    const json::object& from_;
    std::optional<std::string> fault_;
};

std::expected<json::object, std::string> object_from(std::string_view text) {
    boost::system::error_code error;
    auto value = json::parse(text, error);
    if (error)
        return std::unexpected(fmt::format("not JSON: {}", error.message()));
    if (!value.is_object())
        return std::unexpected("not an object");
    return std::move(value.as_object());
}

std::expected<permit, std::string> permit_from(const json::object& object) {
    member_reader members(object);
    permit read{members.reason("reason"), members.text("by"), members.text("note"),
                members.time("since")};
    if (members.fault())
        return std::unexpected(fmt::format("permit: {}", *members.fault()));
    return read;
}

} // namespace

std::string to_json(const record& said) {
    json::object object{{"site", said.site},
                        {"health", said.health},
                        {"heard", net::to_string(said.heard)},
                        {"neighbors", said.neighbors},
                        {"reason", said.reason},
                        {"cause", said.cause},
                        {"since", text::to_rfc3339(said.since)}};
    if (const auto& given = said.permit)
        object["permit"] = {{"reason", reasons.at(std::to_underlying(given->reason)).first},
                            {"by", given->by},
                            {"note", given->note},
                            {"since", text::to_rfc3339(given->since)}};
    return json::serialize(object);
}

std::string to_json(const presence& said) {
    return json::serialize(json::object{{"instance", said.instance}, {"host", said.host}});
}

std::expected<record, std::string> record_from_json(std::string_view text) {
    const auto object = object_from(text);
    if (!object)
        return std::unexpected(object.error());
    member_reader members(*object);
    record read{.site = members.text("site"),
                .health = members.text("health"),
                .heard = members.heard("heard"),
                .neighbors = members.number("neighbors"),
                .reason = members.text("reason"),
                .cause = members.text("cause"),
                .since = members.time("since"),
                .permit = {}};
    if (const auto* inner = members.object("permit")) {
        auto given = permit_from(*inner);
        if (!given)
            return std::unexpected(given.error());
        read.permit = *std::move(given);
    }
    if (members.fault())
        return std::unexpected(*members.fault());
    return read;
}

std::expected<presence, std::string> presence_from_json(std::string_view text) {
    const auto object = object_from(text);
    if (!object)
        return std::unexpected(object.error());
    member_reader members(*object);
    presence read{members.text("instance"), members.text("host"), 0, 0};
    if (members.fault())
        return std::unexpected(*members.fault());
    return read;
}

record storable(record said) {
    for (auto* each : {&said.site, &said.health, &said.reason, &said.cause})
        *each = text::harmless(*each);
    if (said.permit)
        said.permit = storable(*std::move(said.permit));
    return said;
}

permit storable(permit given) {
    given.by = text::harmless(given.by);
    given.note = text::harmless(given.note);
    return given;
}

} // namespace herald::fleet
