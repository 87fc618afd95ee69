#pragma once

#include "herald/fleet/roster.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace herald::fleet {

/// Of a lease in etcd; 0: none.
using lease_id = std::int64_t;

/// A key of etcd, and its place in history.
struct key_value {
    std::string key;
    std::string value;
    revision created = 0;
    revision modified = 0;
    std::int64_t version = 0; // how often it was written since it was created
    lease_id lease = 0;
    friend bool operator==(const key_value&, const key_value&) = default;
};

/// What a range has, in the order of its keys.
struct etcd_range {
    revision at = 0;
    std::vector<key_value> those;
    friend bool operator==(const etcd_range&, const etcd_range&) = default;
};

/// What must be so for a transaction to be made.
namespace etcd_if {
struct modified_at { // 0: the key is not there
    std::string key;
    revision at = 0;
};
struct created_at { // 0: the key is not there
    std::string key;
    revision at = 0;
};
struct none_newer { // of all keys that begin so
    std::string prefix;
    revision than = 0;
};
} // namespace etcd_if
using etcd_condition = std::variant<etcd_if::modified_at, etcd_if::created_at, etcd_if::none_newer>;

struct etcd_put {
    std::string key;
    std::string value;
    lease_id lease = 0; // it goes with that
};
struct etcd_erase {
    std::string key;
};
using etcd_change = std::variant<etcd_put, etcd_erase>;

/// All changes are made at once if all conditions hold. If not, prefixes are read, at that moment.
struct etcd_transaction {
    std::vector<etcd_condition> conditions;
    std::vector<etcd_change> changes;
    std::vector<std::string> otherwise_read;
};

struct etcd_outcome {
    bool succeeded = false;
    revision at = 0;                            // of the changes, or of what was read
    std::vector<std::vector<key_value>> ranges; // if it did not: one for each prefix
    friend bool operator==(const etcd_outcome&, const etcd_outcome&) = default;
};

/// A key was written, or erased: then it has no value, and `modified` is when.
struct etcd_event {
    bool erased = false;
    key_value what;
    friend bool operator==(const etcd_event&, const etcd_event&) = default;
};

/// What a watch tells at once. No revision comes in two of these.
struct etcd_events {
    revision at = 0; // of the store; not less than that of the events
    std::vector<etcd_event> those;
    friend bool operator==(const etcd_events&, const etcd_events&) = default;
};

/// Why a watch is over.
struct etcd_watch_end {
    std::string why;        // a line for people
    revision compacted = 0; // what it was to begin with is forgotten; 0: it is not that
    friend bool operator==(const etcd_watch_end&, const etcd_watch_end&) = default;
};

} // namespace herald::fleet
