#include "herald/daemon/inheritance.hpp"

#include "herald/daemon/service_json.hpp"
#include "herald/handover/bfd_json.hpp"
#include "herald/handover/json_values.hpp"
#include "herald/handover/peer_json.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

namespace herald::daemon {

namespace {

namespace json = boost::json;

using handover::json_document;
using handover::json_reader;
using handover::json_text;

// More than any configuration has room for.
constexpr std::size_t most_neighbors = 100'000;
constexpr std::size_t most_services = 100'000;
constexpr std::size_t most_listeners = 10'000;
constexpr std::size_t most_connections = 3; // of a neighbor
constexpr std::size_t most_receivers = 4;   // two paths, two IP versions
constexpr std::size_t longest_name = 4096;
constexpr std::size_t longest_configuration = 1U << 20U;
constexpr std::size_t longest_password = 80;
/// As boost::json guards its stack.
constexpr std::size_t deepest = 32;

constexpr handover::json_names<peering::bfd_path, 2> path_names{
    {{"single_hop", peering::bfd_path::single_hop}, {"multihop", peering::bfd_path::multihop}}};

int read_socket(json_reader from) {
    return from.integer<int>(3);
}

json::object endpoint_json(const boost::asio::ip::tcp::endpoint& endpoint) {
    return {{"address", handover::json_address(endpoint.address())}, {"port", endpoint.port()}};
}

boost::asio::ip::tcp::endpoint read_endpoint(json_reader from) {
    const auto address = handover::read_address(from.member("address"));
    return {address, from.member("port").integer<std::uint16_t>()};
}

json::value bfd_json(const peering::bfd_snapshot& bfd, const std::string& neighbor) {
    const auto found = bfd.sessions.find(neighbor);
    if (found == bfd.sessions.end())
        return nullptr;
    const auto& session = found->second;
    return json::object{{"path", handover::name_of(session.path, path_names)},
                        {"socket", session.socket < 0 ? json::value() : session.socket},
                        {"session", handover::to_json(session.machine)}};
}

json::object neighbor_json(const peering::neighbor_snapshot& neighbor,
                           handover::route_tables& tables) {
    json::object sockets;
    for (const auto& [id, socket] : neighbor.sockets)
        sockets[std::to_string(id)] = socket;
    return {{"sockets", std::move(sockets)},
            {"router", neighbor.router ? handover::json_address(*neighbor.router) : json::value()},
            {"peer", handover::to_json(neighbor.peer, &tables)}};
}

/// By what stands for the connection's id.
using named_sockets = std::map<std::string, int>;

named_sockets read_sockets(json_reader from) {
    named_sockets sockets;
    for (const auto& [id, socket] : from.members(most_connections))
        sockets.emplace(id, read_socket(socket));
    return sockets;
}

/// The error is what is wrong with the session.
std::expected<peering::bfd_session_snapshot, std::string> bfd_from_json(json_reader from,
                                                                        int socket) {
    peering::bfd_session_snapshot made{{}, from.member("path").choice(path_names), socket};
    auto machine = handover::bfd_from_json(from.member("session").value());
    if (!machine)
        return std::unexpected(fmt::format("its BFD session: {}", machine.error()));
    made.machine = *std::move(machine);
    return made;
}

int read_bfd_socket(const std::optional<json_reader>& bfd) {
    const auto socket = bfd ? bfd->optional("socket") : std::nullopt;
    return socket ? read_socket(*socket) : -1;
}

/// The error is what is wrong with this neighbor alone.
std::expected<peering::neighbor_snapshot, std::string>
neighbor_from_json(json_reader from, const named_sockets& sockets,
                   const handover::read_tables& tables) {
    auto peer = handover::peer_from_json(from.member("peer").value(), tables);
    if (!peer)
        return std::unexpected(peer.error());
    peering::neighbor_snapshot neighbor{*std::move(peer), {}};
    if (const auto router = from.optional("router"))
        neighbor.router = handover::read_address_v6(*router);
    for (const auto& connection : neighbor.peer.connections)
        if (const auto socket = sockets.find(std::to_string(connection.id));
            socket != sockets.end())
            neighbor.sockets.emplace(connection.id, socket->second);
    if (neighbor.sockets.size() != neighbor.peer.connections.size() ||
        neighbor.sockets.size() != sockets.size())
        return std::unexpected("its connections and its sockets are not the same");
    return neighbor;
}

void read_neighbor(std::string_view name, json_reader from, const handover::read_tables& tables,
                   inheritance& into) {
    const auto sockets = read_sockets(from.member("sockets"));
    const auto bfd_from = from.optional("bfd");
    const auto bfd_socket = read_bfd_socket(bfd_from);
    auto neighbor = neighbor_from_json(from, sockets, tables);
    auto bfd = bfd_from ? std::optional(bfd_from_json(*bfd_from, bfd_socket)) : std::nullopt;
    if (neighbor && (!bfd || *bfd)) {
        into.speaker.neighbors.emplace(name, *std::move(neighbor));
        if (bfd)
            into.speaker.bfd.sessions.emplace(name, **std::move(bfd));
        return;
    }
    into.unreadable.emplace(name, neighbor ? bfd->error() : neighbor.error());
    for (const auto& [id, socket] : sockets)
        into.unused_sockets.push_back(socket);
    if (bfd_socket >= 0)
        into.unused_sockets.push_back(bfd_socket);
}

peering::bfd_receiver_snapshot read_receiver(json_reader from) {
    return {from.member("path").choice(path_names), from.member("v6").boolean(),
            read_socket(from.member("socket"))};
}

json::array receivers_json(const std::vector<peering::bfd_receiver_snapshot>& receivers) {
    json::array all;
    all.reserve(receivers.size());
    for (const auto& each : receivers)
        all.push_back(json::object{{"path", handover::name_of(each.path, path_names)},
                                   {"v6", each.v6},
                                   {"socket", each.socket}});
    return all;
}

json::object control_json(const control::server_sockets& sockets) {
    json::object made{{"path", json_text(sockets.path.native())}, {"socket", sockets.operators}};
    if (sockets.asked_for) {
        made["metrics"] = endpoint_json(*sockets.asked_for);
        made["metrics_socket"] = sockets.everyone;
    }
    return made;
}

control::server_sockets read_control(json_reader from) {
    control::server_sockets sockets;
    sockets.path = from.member("path").text(longest_name);
    sockets.operators = read_socket(from.member("socket"));
    if (const auto metrics = from.optional("metrics")) {
        sockets.asked_for = read_endpoint(*metrics);
        sockets.everyone = read_socket(from.member("metrics_socket"));
    }
    return sockets;
}

json::object passwords_json(const std::map<std::string, std::string>& passwords) {
    json::object made;
    for (const auto& [name, password] : passwords)
        made[name] = json_text(password);
    return made;
}

std::map<std::string, std::string> read_passwords(json_reader from) {
    std::map<std::string, std::string> passwords;
    for (const auto& [name, password] : from.members(most_neighbors))
        passwords.emplace(name, password.text(longest_password));
    return passwords;
}

inheritance read_all(json_reader from) {
    inheritance left;
    left.program = from.member("program").text(longest_name);
    left.proof = from.member("proof").text(longest_name);
    left.configuration = from.member("configuration").text(longest_configuration);
    left.passwords = read_passwords(from.member("passwords"));
    // Programs before there was BFD do not write it.
    if (const auto bfd = from.optional("bfd_passwords"))
        left.bfd_passwords = read_passwords(*bfd);
    handover::read_tables tables;
    if (const auto* const all = from.member("tables").value().if_array())
        tables = handover::tables_from_json(*all);
    for (const auto& [name, neighbor] : from.member("neighbors").members(most_neighbors))
        read_neighbor(name, neighbor, tables, left);
    for (const auto listener : from.member("listeners").elements(most_listeners))
        left.speaker.listeners.push_back(
            {read_endpoint(listener), read_socket(listener.member("socket"))});
    if (const auto receivers = from.optional("bfd_receivers")) // earlier programs had none
        for (const auto receiver : receivers->elements(most_receivers))
            left.speaker.bfd.receivers.push_back(read_receiver(receiver));
    left.control = read_control(from.member("control"));
    for (const auto& [name, service] : from.member("services").members(most_services))
        left.services.emplace(name, read_service(service));
    if (const auto* const events = from.member("events").value().if_object())
        left.events = *events;
    return left;
}

std::expected<json::value, std::string> parse_state(std::string_view text) {
    json::parse_options options;
    options.max_depth = deepest;
    boost::system::error_code failed;
    auto value = json::parse(text, failed, {}, options);
    if (failed)
        return std::unexpected(fmt::format("it is not JSON: {}", failed.message()));
    return value;
}

} // namespace

std::string to_json(const inheritance& left) {
    json::object neighbors;
    handover::route_tables tables;
    for (const auto& [name, neighbor] : left.speaker.neighbors) {
        auto written = neighbor_json(neighbor, tables);
        written["bfd"] = bfd_json(left.speaker.bfd, name);
        neighbors[name] = std::move(written);
    }
    json::array listeners;
    for (const auto& [endpoint, socket] : left.speaker.listeners) {
        auto listener = endpoint_json(endpoint);
        listener["socket"] = socket;
        listeners.push_back(std::move(listener));
    }
    json::object services;
    for (const auto& [name, service] : left.services)
        services[name] = to_json(service);
    return json::serialize(
        json::object{{"version", inheritance::current_version},
                     {"program", json_text(left.program)},
                     {"proof", json_text(left.proof)},
                     {"configuration", json_text(left.configuration)},
                     {"passwords", passwords_json(left.passwords)},
                     {"bfd_passwords", passwords_json(left.bfd_passwords)},
                     {"neighbors", std::move(neighbors)},
                     {"tables", tables.take()},
                     {"listeners", std::move(listeners)},
                     {"bfd_receivers", receivers_json(left.speaker.bfd.receivers)},
                     {"control", control_json(left.control)},
                     {"services", std::move(services)},
                     {"events", left.events}});
}

std::expected<inheritance, std::string> inheritance_from_json(std::string_view text) {
    const auto value = parse_state(text);
    if (!value)
        return std::unexpected(value.error());
    json_document document(*value);
    const auto version = document.root().member("version").integer<unsigned>();
    if (!document.fault() && version != inheritance::current_version)
        return std::unexpected(fmt::format("its version is {}, this program reads version {}",
                                           version, inheritance::current_version));
    auto left = read_all(document.root());
    return document.result(std::move(left));
}

std::vector<int> sockets_of(const inheritance& left) {
    auto all = left.unused_sockets;
    for (const auto& [name, neighbor] : left.speaker.neighbors)
        for (const auto& [id, socket] : neighbor.sockets)
            all.push_back(socket);
    for (const auto& listener : left.speaker.listeners)
        all.push_back(listener.socket);
    for (const auto& [name, session] : left.speaker.bfd.sessions)
        if (session.socket >= 0)
            all.push_back(session.socket);
    for (const auto& receiver : left.speaker.bfd.receivers)
        all.push_back(receiver.socket);
    for (const int socket : {left.control.operators, left.control.everyone})
        if (socket >= 0)
            all.push_back(socket);
    return all;
}

void close_sockets_of(const inheritance& left) {
    for (const int socket : sockets_of(left))
        ::close(socket);
}

} // namespace herald::daemon
