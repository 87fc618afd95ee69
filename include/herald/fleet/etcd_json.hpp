#pragma once

#include "herald/fleet/etcd_values.hpp"

#include <boost/json/object.hpp>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace herald::fleet {

// The JSON of etcd's gateway, "gRPC gateway" in etcd's documentation: 64 bits are strings, keys and
// values base64, and what is 0, false or empty is left out.

std::string range_request(std::string_view prefix);
std::string transaction_request(const etcd_transaction& what);
std::string grant_request(std::int64_t seconds);
std::string lease_request(lease_id which); // to keep it alive, or to revoke it
/// From that revision on, which counts itself.
std::string watch_request(std::string_view prefix, revision from);
std::string authenticate_request(std::string_view user, std::string_view password);

/// What etcd says instead of what it was asked for, or why we do not believe it.
struct etcd_refusal {
    enum class about : std::uint8_t {
        endpoint, // another one may do better
        request,  // all would say so
        token     // which is to be had anew
    };
    about what = about::endpoint;
    std::string why; // a line for people
    friend bool operator==(const etcd_refusal&, const etcd_refusal&) = default;
};

/// The reply to a request, or a message of a stream. `status` is that of the response.
std::expected<boost::json::object, etcd_refusal> read_reply(unsigned status,
                                                            std::string_view content);

/// Who answered.
struct etcd_header {
    std::uint64_t cluster = 0;
    std::uint64_t term = 0; // of raft; it never goes back
    friend bool operator==(const etcd_header&, const etcd_header&) = default;
};

/// The error is a line for people.
template <class value>
using etcd_read = std::expected<value, std::string>;

etcd_read<etcd_header> read_header(const boost::json::object& reply);
etcd_read<etcd_range> read_range(const boost::json::object& reply);
/// A transaction that failed has as many ranges as prefixes were to be read.
etcd_read<etcd_outcome> read_outcome(const boost::json::object& reply, std::size_t prefixes);
etcd_read<lease_id> read_grant(const boost::json::object& reply);
/// False: the lease is gone.
etcd_read<bool> read_kept_alive(const boost::json::object& reply);
etcd_read<std::string> read_token(const boost::json::object& reply);
/// A watch's message after the first.
std::expected<etcd_events, etcd_watch_end> read_events(const boost::json::object& message);
/// A watch's first message.
std::expected<void, etcd_refusal> read_created(const boost::json::object& message);

} // namespace herald::fleet
