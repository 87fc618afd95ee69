#pragma once

#include "herald/bgp/sent_routes.hpp"
#include "herald/net/address_family.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <expected>
#include <map>
#include <string>
#include <vector>

namespace herald::handover {

/// Routes that several neighbors share, each table written once.
class route_tables {
public:
    /// The number by which the table is known.
    std::size_t add(const bgp::sent_routes& routes, net::address_family family);
    /// All tables, to be read by tables_from_json().
    boost::json::array take() { return std::move(written_); }

private:
    std::map<const void*, std::size_t> known_;
    std::vector<bgp::sent_routes> kept_; // so that identities stay theirs
    boost::json::array written_;
};

/// What is wrong with a table costs whoever refers to it.
struct read_table {
    net::address_family family = net::address_family::ipv4;
    std::expected<bgp::sent_routes, std::string> routes;
};
using read_tables = std::vector<read_table>;

read_tables tables_from_json(const boost::json::array& tables);

} // namespace herald::handover
