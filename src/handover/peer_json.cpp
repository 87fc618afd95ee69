#include "herald/handover/peer_json.hpp"

#include "connection_json.hpp"
#include "feed_json.hpp"

#include <boost/json.hpp>

namespace herald::handover {

namespace {

namespace json = boost::json;
using bgp::peer_snapshot;
using wire::message_type;

/// In each of the three slots of a peer.
constexpr std::size_t most_connections = 3;

constexpr json_names<message_type, 5> message_types{
    {{"open", message_type::open},
     {"update", message_type::update},
     {"notification", message_type::notification},
     {"keepalive", message_type::keepalive},
     {"route_refresh", message_type::route_refresh}}};

using message_counts = decltype(bgp::message_counters::sent);

json::value counts_to_json(const message_counts& counts) {
    json::object written;
    for (const auto& [name, type] : message_types)
        written[name] = counts[static_cast<std::size_t>(type)];
    return written;
}

message_counts read_counts(json_reader from) {
    message_counts counts{};
    for (const auto& [name, type] : message_types)
        counts[static_cast<std::size_t>(type)] = from.member(name).integer<std::uint64_t>();
    return counts;
}

json::value end_to_json(const bgp::session_end& end) {
    return json::object{{"at", json_time(end.at)},
                        {"sent", json_nullable(end.sent, notification_to_json)},
                        {"received", json_nullable(end.received, notification_to_json)},
                        {"failure", json_error(end.failure)},
                        {"closed_by_peer", end.closed_by_peer},
                        {"was_established", end.was_established}};
}

bgp::session_end read_end(json_reader from) {
    return {.at = from.member("at").wall_time(),
            .sent = read_nullable(from, "sent", read_notification),
            .received = read_nullable(from, "received", read_notification),
            .failure = read_error(from.member("failure")),
            .closed_by_peer = from.member("closed_by_peer").boolean(),
            .was_established = from.member("was_established").boolean()};
}

json::value ends_to_json(const bgp::session_ends& ends) {
    return json::object{{"last_stays", ends.last_stays()},
                        {"last", json_nullable(ends.last(), end_to_json)},
                        {"last_failure", json_nullable(ends.last_failure(), end_to_json)}};
}

bgp::session_ends read_ends(json_reader from) {
    return {from.member("last_stays").boolean(), read_nullable(from, "last", read_end),
            read_nullable(from, "last_failure", read_end)};
}

json::value connections_to_json(const std::vector<bgp::connection_snapshot>& connections) {
    json::array written;
    for (const auto& one : connections)
        written.push_back(connection_to_json(one));
    return written;
}

/// null for a family that the session does not have.
json::value feeds_to_json(const std::map<net::address_family, bgp::feed_snapshot>& routes,
                          route_tables* tables) {
    json::object written;
    for (const auto family : net::all_families) {
        const auto feed = routes.find(family);
        written[net::to_string(family)] =
            feed != routes.end() ? feed_to_json(feed->second, family, tables) : json::value();
    }
    return written;
}

std::map<net::address_family, bgp::feed_snapshot> read_feeds(json_reader from,
                                                             const read_tables& tables) {
    std::map<net::address_family, bgp::feed_snapshot> routes;
    for (const auto family : net::all_families)
        if (const auto feed = from.nullable(net::to_string(family)))
            routes.emplace(family, read_feed(*feed, family, tables));
    return routes;
}

void read_connections(json_reader from, peer_snapshot& to) {
    for (const auto one : from.member("connections").elements(most_connections))
        to.connections.push_back(read_connection(one));
    to.next_id = from.member("next_id").integer<bgp::connection_id>();
    to.after_session_up = from.member("after_session_up").integer<bgp::connection_id>();
    to.dial_at =
        read_nullable(from, "dial_at", [](json_reader time) { return time.steady_time(); });
    to.not_before = from.member("not_before").steady_time();
    to.up_since = from.member("up_since").steady_time();
    to.restarted_until = from.member("restarted_until").steady_time();
    to.failures = from.member("failures").integer<unsigned>();
    to.jitter_seed = from.member("jitter_seed").integer<std::uint32_t>();
}

void read_history(json_reader from, peer_snapshot& to) {
    to.since = from.member("since").wall_time();
    to.transitions = from.member("transitions").integer<std::uint64_t>();
    to.malformed = from.member("malformed").integer<std::uint64_t>();
    to.ends = read_ends(from.member("ends"));
    const auto counters = from.member("counters");
    to.counters.sent = read_counts(counters.member("sent"));
    to.counters.received = read_counts(counters.member("received"));
}

peer_snapshot read_peer(json_reader from, const read_tables& tables) {
    peer_snapshot read;
    if (!read_version(from.member("version"), peer_snapshot::current_version))
        return read;
    read.running = from.member("running").boolean();
    read.down = from.member("down").boolean();
    read.routes_complete = from.member("routes_complete").boolean();
    read_connections(from, read);
    read.routes = read_feeds(from.member("routes"), tables);
    read.refreshes_asked = read_families(from.member("refreshes_asked"));
    read.refreshes_spent_until = from.member("refreshes_spent_until").steady_time();
    read_history(from, read);
    return read;
}

} // namespace

json::object to_json(const peer_snapshot& peer, route_tables* tables) {
    return {{"version", peer.version},
            {"running", peer.running},
            {"down", peer.down},
            {"routes_complete", peer.routes_complete},
            {"connections", connections_to_json(peer.connections)},
            {"next_id", peer.next_id},
            {"after_session_up", peer.after_session_up},
            {"dial_at", json_nullable(peer.dial_at, json_time<std::chrono::steady_clock>)},
            {"not_before", json_time(peer.not_before)},
            {"up_since", json_time(peer.up_since)},
            {"restarted_until", json_time(peer.restarted_until)},
            {"failures", peer.failures},
            {"jitter_seed", peer.jitter_seed},
            {"routes", feeds_to_json(peer.routes, tables)},
            {"refreshes_asked", families_to_json(peer.refreshes_asked)},
            {"refreshes_spent_until", json_time(peer.refreshes_spent_until)},
            {"since", json_time(peer.since)},
            {"transitions", peer.transitions},
            {"malformed", peer.malformed},
            {"ends", ends_to_json(peer.ends)},
            {"counters", json::object{{"sent", counts_to_json(peer.counters.sent)},
                                      {"received", counts_to_json(peer.counters.received)}}}};
}

std::expected<peer_snapshot, std::string> peer_from_json(const json::value& value,
                                                         const read_tables& tables) {
    json_document document(value);
    auto read = document.result(read_peer(document.root(), tables));
    if (!read)
        return read;
    if (auto fault = bgp::find_fault(*read))
        return std::unexpected(std::move(*fault));
    return read;
}

} // namespace herald::handover
