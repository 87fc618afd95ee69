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

std::vector<std::uint8_t> rest_of_output(const connection& closing, rib_out* routes) {
    std::vector<wire::octets> begun;
    if (rest_of_message(routes) > 0)
        routes->gather(begun, 1);
    std::vector<std::uint8_t> rest;
    for (const auto octets : begun)
        rest.insert(rest.end(), octets.begin(), octets.end());
    rest.insert(rest.end(), closing.output().begin(), closing.output().end());
    return rest;
}

} // namespace herald::bgp
