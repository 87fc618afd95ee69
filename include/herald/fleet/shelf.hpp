#pragma once

#include "herald/fleet/etcd_values.hpp"
#include "herald/fleet/roster.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace herald::fleet {

/// Where in the store things are: below one prefix.
class key_names {
public:
    explicit key_names(std::string prefix) : prefix_(std::move(prefix)) {}

    const std::string& all() const { return prefix_; }
    std::string records_of(std::string_view service) const; // begins all of them
    std::string record(std::string_view service, std::string_view node) const;
    std::string all_present() const;
    std::string present(std::string_view node) const;
    std::string queue_of(std::string_view service) const;
    std::string queued(std::string_view service, std::string_view node) const;

private:
    std::string prefix_;
};

/// All that the store has below our prefix, as it is read and followed. Pure.
class shelf {
public:
    explicit shelf(std::string prefix) : names_(std::move(prefix)) {}

    const key_names& names() const { return names_; }
    revision at() const { return at_; }

    /// Everything, anew. False: it is older than what is known, and was not taken.
    bool take(const etcd_range& all);
    /// What happened since; what is older than what is known counts for nothing.
    void follow(const etcd_events& events);

    /// Names, in order.
    std::vector<std::string> services() const;
    /// One service's; of one that nobody has said anything about, who is present.
    roster of(const std::string& service) const;
    /// As of a transaction that read the prefixes that `about` gives.
    roster of(const std::string& service, const etcd_outcome& read) const;
    std::vector<std::string> about(const std::string& service) const;
    const std::map<std::string, presence>& present() const { return present_; }

private:
    using members = std::map<std::string, member>;
    void put(const key_value& what);
    void erase(const std::string& key);
    std::vector<std::string> parts_of(const std::string& key) const;

    key_names names_;
    revision at_ = 0;
    std::map<std::string, members> records_; // by service
    std::map<std::string, presence> present_;
    std::map<std::string, std::map<std::string, revision>> queues_; // by service
};

} // namespace herald::fleet
