#pragma once

#include "herald/fleet/guard.hpp"

#include <map>
#include <string>

/// A store with a linear history, made up: transactions are executed at once or not at all.
namespace herald::fleet::test {

struct model_store {
    struct key {
        revision created = 0;
        revision written = 0;
        unsigned lease = 0;
    };

    revision at = 1;
    std::map<std::string, member> records;
    std::map<std::string, key> present;
    std::map<std::string, key> queue;
    std::map<unsigned, time_point> leases; // when they expire

    roster read() const {
        roster result{at, records, {}, {}};
        for (const auto& [node, entry] : present)
            result.present[node] = {node, node, entry.created, entry.written};
        for (const auto& [node, entry] : queue)
            result.queue[node] = entry.created;
        return result;
    }

    bool is_so(const std::string& node, const write& asked) const {
        const auto own = records.find(node);
        if ((own == records.end() ? 0 : own->second.written) != asked.own_written)
            return false;
        for (const auto& [name, member] : records)
            if (asked.nothing_since && member.written > *asked.nothing_since)
                return false;
        for (const auto& [name, appeared] : asked.present)
            if (!present.contains(name) || present.at(name).created != appeared)
                return false;
        return true;
    }

    bool execute(const std::string& node, const write& asked) {
        const bool done = is_so(node, asked);
        if (done)
            records[node] = {asked.what, ++at};
        return done;
    }

    /// A key's put; nothing happens if its lease is over.
    bool put(std::map<std::string, key>& keys, const std::string& node, unsigned lease) {
        if (!leases.contains(lease))
            return false;
        ++at;
        const auto [place, is_new] = keys.try_emplace(node, at, at, lease);
        place->second.written = at;
        place->second.lease = lease;
        return true;
    }

    bool erase(std::map<std::string, key>& keys, const std::string& node) {
        const bool there = keys.erase(node) > 0;
        at += there ? 1 : 0;
        return there;
    }

    /// Whether keys went with a lease.
    bool expire(time_point now) {
        const auto before = at;
        std::erase_if(leases, [&](const auto& lease) { return lease.second <= now; });
        for (auto* keys : {&present, &queue})
            at += static_cast<revision>(std::erase_if(
                *keys, [&](const auto& entry) { return !leases.contains(entry.second.lease); }));
        return at != before;
    }
};

} // namespace herald::fleet::test
