#include "herald/fleet/shelf.hpp"

#include "herald/fleet/record_json.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace herald::fleet {

namespace {

constexpr std::string_view record_folder = "services";
constexpr std::string_view presence_folder = "present";
constexpr std::string_view queue_folder = "queue";

/// One that we cannot read, of a later version maybe, is known and counts for nothing.
member member_of(const key_value& from) {
    if (auto said = record_from_json(from.value))
        return {*std::move(said), from.modified};
    member unreadable{{}, from.modified};
    unreadable.said.cause = "its record cannot be read";
    return unreadable;
}

presence presence_of(const key_value& from) {
    auto one = presence_from_json(from.value).value_or(presence{});
    one.appeared = from.created;
    one.beat = from.modified;
    return one;
}

} // namespace

std::string key_names::records_of(std::string_view service) const {
    return fmt::format("{}{}/{}/", prefix_, record_folder, service);
}

std::string key_names::record(std::string_view service, std::string_view node) const {
    return fmt::format("{}{}", records_of(service), node);
}

std::string key_names::all_present() const {
    return fmt::format("{}{}/", prefix_, presence_folder);
}

std::string key_names::present(std::string_view node) const {
    return fmt::format("{}{}", all_present(), node);
}

std::string key_names::queue_of(std::string_view service) const {
    return fmt::format("{}{}/{}/", prefix_, queue_folder, service);
}

std::string key_names::queued(std::string_view service, std::string_view node) const {
    return fmt::format("{}{}", queue_of(service), node);
}

bool shelf::take(const etcd_range& all) {
    if (all.at < at_)
        return false;
    at_ = all.at;
    records_.clear();
    present_.clear();
    queues_.clear();
    for (const auto& one : all.those)
        put(one);
    return true;
}

void shelf::follow(const etcd_events& events) {
    for (const auto& [erased, what] : events.those) {
        if (what.modified <= at_)
            continue;
        if (erased)
            erase(what.key);
        else
            put(what);
    }
    at_ = std::max(at_, events.at);
}

/// What follows the prefix: folder, service, node.
std::vector<std::string> shelf::parts_of(const std::string& key) const {
    std::vector<std::string> parts;
    for (auto from = names_.all().size(); from <= key.size();) {
        const auto end = std::min(key.find('/', from), key.size());
        parts.push_back(key.substr(from, end - from));
        from = end + 1;
    }
    return parts;
}

void shelf::put(const key_value& what) {
    const auto parts = parts_of(what.key);
    if (parts.size() == 3 && parts[0] == record_folder)
        records_[parts[1]].insert_or_assign(parts[2], member_of(what));
    else if (parts.size() == 3 && parts[0] == queue_folder)
        queues_[parts[1]][parts[2]] = what.created;
    else if (parts.size() == 2 && parts[0] == presence_folder)
        present_.insert_or_assign(parts[1], presence_of(what));
}

void shelf::erase(const std::string& key) {
    const auto parts = parts_of(key);
    if (parts.size() == 3 && parts[0] == record_folder)
        records_[parts[1]].erase(parts[2]);
    else if (parts.size() == 3 && parts[0] == queue_folder)
        queues_[parts[1]].erase(parts[2]);
    else if (parts.size() == 2 && parts[0] == presence_folder)
        present_.erase(parts[1]);
}

std::vector<std::string> shelf::services() const {
    std::vector<std::string> names;
    for (const auto& [name, nodes] : records_)
        if (!nodes.empty())
            names.push_back(name);
    return names;
}

roster shelf::of(const std::string& service) const {
    roster made{at_, {}, present_, {}};
    if (const auto found = records_.find(service); found != records_.end())
        made.members = found->second;
    if (const auto found = queues_.find(service); found != queues_.end())
        made.queue = found->second;
    return made;
}

std::vector<std::string> shelf::about(const std::string& service) const {
    return {names_.records_of(service), names_.all_present(), names_.queue_of(service)};
}

roster shelf::of(const std::string& service, const etcd_outcome& read) const {
    shelf then(names_.all());
    then.at_ = read.at;
    for (const auto& range : read.ranges)
        for (const auto& one : range)
            then.put(one);
    return then.of(service);
}

} // namespace herald::fleet
