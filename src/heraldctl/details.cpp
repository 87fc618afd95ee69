// What is known of one thing, a line for each part.
#include "screens.hpp"
#include "tables.hpp"
#include "values.hpp"

#include <fmt/format.h>

namespace heraldctl {

namespace {

namespace json = boost::json;

/// Lines of a name and a value; empty values are left out.
class sheet {
public:
    void line(std::string_view name, std::string_view value) {
        if (!value.empty())
            text_ += fmt::format("{:<18}{}\n", name, harmless(value));
    }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

/// "ipv4 192.0.2.1, ipv6 2001:db8::1"
std::string by_family(const json::object& object, std::string_view key) {
    std::vector<std::string> parts;
    for (const auto& [family, unused] : object.at(key).as_object())
        parts.push_back(fmt::format("{} {}", std::string_view{family},
                                    text_of(object.at(key).as_object(), family)));
    return joined(parts);
}

/// How a session or an attempt at one ended; "" where none did.
std::string ending(const json::value& end) {
    if (end.is_null())
        return "";
    const auto& error = end.as_object();
    const auto direction = text_of(error, "direction");
    const auto codes = direction == "local" ? ""
                                            : fmt::format(" {}/{}", text_of(error, "code"),
                                                          text_of(error, "subcode"));
    return fmt::format("{}{}: {}, {} ago", direction, codes, text_of(error, "text"),
                       age(error, "at"));
}

void session(sheet& page, const json::object& neighbor) {
    page.line("local address", text_of(neighbor, "local_address"));
    page.line("connection", text_of(neighbor, "direction"));
    page.line("peer identifier", text_of(neighbor, "peer_identifier"));
    page.line("hold time", duration(neighbor, "hold_time"));
    page.line("keepalive", duration(neighbor, "keepalive_interval"));
    page.line("families", joined(texts(neighbor, "families")));
    page.line("next hops", by_family(neighbor, "next_hops"));
    page.line("advertised", by_family(neighbor, "advertised"));
    page.line("acknowledged", flag(neighbor, "acknowledged") ? "all" : "not yet all");
}

/// How often each side is heard, and what has come of it.
void bfd(sheet& page, const json::object& session) {
    const auto state = text_of(session, "state");
    const auto multihop = flag(session, "multihop") ? ", multihop" : "";
    page.line("BFD", fmt::format("{}{}, {}, for {}", state, multihop,
                                 text_of(session, "diagnostic"), age_and_time(session, "since")));
    if (!session.at("remote_state").is_null())
        page.line("", fmt::format("the neighbor's: {}, {}", text_of(session, "remote_state"),
                                  text_of(session, "remote_diagnostic")));
    page.line("BFD intervals",
              fmt::format("{} sent, {} received{}", duration(session, "tx_interval"),
                          duration(session, "rx_interval"),
                          session.at("detection_time").is_null()
                              ? ""
                              : ", detection time " + duration(session, "detection_time")));
    page.line("BFD packets",
              fmt::format("{} sent, {} received, {} dropped", text_of(session, "sent"),
                          text_of(session, "received"), text_of(session, "dropped")));
    for (const auto& [reason, count] : session.at("dropped_for").as_object())
        page.line("", fmt::format("{} for {}", count.to_number<std::uint64_t>(),
                                  std::string_view{reason}));
}

void guard(sheet& page, const json::object& guard) {
    page.line("keep", fmt::format("{}, counted by {}; without etcd: {}", text_of(guard, "keep"),
                                  text_of(guard, "keep_per"), text_of(guard, "on_store_loss")));
    page.line("may go", flag(guard, "permitted") ? "yes" : "with a permit only");
    page.line("refused", text_of(guard, "refused"));
}

void drain(sheet& page, const json::object& drain) {
    const auto reason = text_of(drain, "reason");
    page.line("drained by", fmt::format("{} {}{}{}", text_of(drain, "source"), text_of(drain, "by"),
                                        flag(drain, "immediate") ? ", at once" : "",
                                        reason.empty() ? "" : ": " + reason));
    page.line("drained for", age_and_time(drain, "since"));
    page.line("drained until", text_of(drain, "until"));
}

void hold_down(sheet& page, const json::object& hold) {
    page.line("held down until",
              fmt::format("{}, flaps: {}", text_of(hold, "until"), text_of(hold, "flaps")));
}

/// Why a check's last result is what it is.
std::string remark(const json::object& check) {
    if (!flag(check, "could_run"))
        return ", could not run";
    return flag(check, "timed_out") ? ", timed out" : "";
}

void check(sheet& page, const json::object& check) {
    const auto ago = age(check, "last_run");
    page.line(fmt::format("check {}", text_of(check, "name")),
              fmt::format("{} ({}, on failure {}{}){}{}", text_of(check, "state"),
                          text_of(check, "type"), text_of(check, "on_fail"), remark(check),
                          ago.empty()
                              ? ""
                              : fmt::format(", ran {} ago in {}", ago, duration(check, "duration")),
                          ago.empty() ? "" : fmt::format(", {} runs", text_of(check, "runs"))));
    page.line("", text_of(check, "output"));
}

} // namespace

std::string screen::neighbor(const json::value& answer) const {
    const auto& neighbor = answer.as_object();
    sheet page;
    page.line("neighbor", text_of(neighbor, "name"));
    page.line("description", text_of(neighbor, "description"));
    page.line("interface", text_of(neighbor, "interface"));
    const auto address = text_of(neighbor, "address");
    page.line("address",
              fmt::format("{}{}port {}{}", address, address.empty() ? "" : " ",
                          text_of(neighbor, "port"), flag(neighbor, "passive") ? ", passive" : ""));
    page.line("AS",
              fmt::format("{}, local {}", remote_as(neighbor), text_of(neighbor, "local_as")));
    page.line("state", fmt::format("{}{}", text_of(neighbor, "state"),
                                   flag(neighbor, "shutdown") ? ", administratively down" : ""));
    page.line("for", age_and_time(neighbor, "since"));
    page.line("why down", text_of(neighbor, "why_down"));
    if (text_of(neighbor, "state") == "Established")
        session(page, neighbor);
    if (!neighbor.at("bfd").is_null())
        bfd(page, neighbor.at("bfd").as_object());
    for (const auto& each : list(neighbor, "messages")) {
        const auto& count = each.as_object();
        page.line(text_of(count, "type"),
                  fmt::format("{} sent, {} received", text_of(count, "sent"),
                              text_of(count, "received")));
    }
    page.line("transitions", text_of(neighbor, "transitions"));
    page.line("malformed updates", text_of(neighbor, "malformed_updates"));
    page.line("last error", ending(neighbor.at("last_error")));
    page.line("last failure", ending(neighbor.at("last_failure")));
    for (const auto& problem : texts(neighbor, "problems"))
        page.line("problem", problem);
    return page.text();
}

std::string screen::service(const json::value& answer) const {
    const auto& service = answer.as_object();
    sheet page;
    page.line("service", text_of(service, "name"));
    page.line("health", text_of(service, "health"));
    page.line("administration", text_of(service, "administration"));
    page.line("heard", text_of(service, "heard"));
    page.line("for", age_and_time(service, "since"));
    page.line("cause", text_of(service, "cause"));
    page.line("prefixes", joined(texts(service, "prefixes")));
    page.line("neighbors", joined(texts(service, "neighbors")));
    page.line("announced to", joined(texts(service, "announced_to")));
    page.line("acknowledged", flag(service, "acknowledged") ? "all" : "not yet all");
    page.line("require", text_of(service, "require"));
    page.line("on down", text_of(service, "on_down"));
    page.line("addresses", joined(texts(service, "addresses")));
    page.line("missing", joined(texts(service, "missing_addresses")));
    if (!service.at("hold_down").is_null())
        hold_down(page, service.at("hold_down").as_object());
    if (!service.at("guard").is_null())
        guard(page, service.at("guard").as_object());
    for (const auto& each : list(service, "drains"))
        drain(page, each.as_object());
    for (const auto& each : list(service, "checks"))
        check(page, each.as_object());
    return page.text();
}

} // namespace heraldctl
