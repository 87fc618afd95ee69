#include "herald/control/event_view.hpp"

#include "herald/text/time.hpp"

namespace herald::control {

namespace json = boost::json;

namespace {

json::value or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

} // namespace

json::object to_json(const event_view& event) {
    json::object shown{
        {"time", text::to_rfc3339(event.time, text::milliseconds)},
        {"type", event.type},
        {"neighbor", or_null(event.neighbor)},
        {"service", or_null(event.service)},
        {"check", or_null(event.check)},
        {"from", or_null(event.from)},
        {"to", or_null(event.to)},
        {"cause", or_null(event.cause)},
        {"direction", nullptr},
        {"code", nullptr},
        {"subcode", nullptr},
        {"uid", event.uid ? json::value(*event.uid) : json::value(nullptr)},
        {"by", or_null(event.by)},
    };
    if (const auto& kind = event.notification) {
        shown["direction"] = kind->direction;
        shown["code"] = kind->code;
        shown["subcode"] = kind->subcode;
    }
    return shown;
}

} // namespace herald::control
