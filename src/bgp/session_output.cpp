#include "herald/bgp/session_output.hpp"

#include <algorithm>

namespace herald::bgp {

namespace {

/// So many octets with routes are given to the peer's TCP at once.
constexpr std::size_t write_ahead = 65536;

std::size_t rest_of_message(const rib_out* routes) {
    return routes != nullptr ? routes->rest_of_message() : 0;
}

} // namespace

void gather_output(const connection& to, rib_out* routes, std::vector<wire::octets>& into) {
    const bool amid = rest_of_message(routes) > 0;
    if (amid)
        routes->gather(into, to.output().empty() ? write_ahead : 1);
    if (!to.output().empty())
        into.emplace_back(to.output());
    if (routes != nullptr && !amid)
        routes->gather(into, write_ahead);
}

rib_out::completed wrote_output(connection& to, rib_out* routes, std::size_t count) {
    auto others = std::min(count, to.output().size());
    if (const auto before = rest_of_message(routes); before > 0)
        others = std::min(count - std::min(count, before), others);
    to.wrote(others);
    return routes != nullptr ? routes->wrote(count - others) : rib_out::completed();
}

void count_sent(message_counters& counters, rib_out::completed messages) {
    counters.sent[static_cast<std::size_t>(wire::message_type::update)] += messages.updates;
    counters.sent[static_cast<std::size_t>(wire::message_type::route_refresh)] +=
        messages.refreshes;
}

std::vector<std::uint8_t> rest_of_output(const connection& closing, const rib_out* routes) {
    const auto begun = routes != nullptr ? routes->rest() : wire::octets();
    std::vector<std::uint8_t> rest(begun.begin(), begun.end());
    rest.insert(rest.end(), closing.output().begin(), closing.output().end());
    return rest;
}

} // namespace herald::bgp
