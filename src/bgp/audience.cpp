#include "herald/bgp/audience.hpp"

#include <utility>

namespace herald::bgp {

shared_attributes audience::completed::of(const shared_attributes& attributes) {
    auto& known = known_[attributes];
    auto with_next_hop = known.lock();
    if (with_next_hop)
        return with_next_hop;
    auto made = *attributes;
    made.next_hop = next_hop_;
    with_next_hop = std::make_shared<const wire::path_attributes>(std::move(made));
    known = with_next_hop;
    forget_unused();
    return with_next_hop;
}

void audience::completed::forget_unused() {
    if (known_.size() < enough_)
        return;
    std::erase_if(known_, [](const auto& known) { return known.second.expired(); });
    enough_ = 16 + 2 * known_.size();
}

void audience::want(const net::ip_prefix& prefix, const shared_attributes& attributes) {
    auto& wanted = wanted_[prefix];
    if (same_value(wanted, attributes))
        return;
    wanted = attributes;
    for_each_group(prefix.family(), [&](export_group& group, completed& with_next_hop) {
        group.want(prefix, with_next_hop.of(attributes));
    });
}

void audience::unwant(const net::ip_prefix& prefix) {
    if (wanted_.erase(prefix) > 0)
        for_each_group(prefix.family(),
                       [&](export_group& group, completed&) { group.unwant(prefix); });
}

void audience::want_only(const routes& wanted) {
    std::vector<net::ip_prefix> gone;
    for (const auto& [prefix, attributes] : wanted_)
        if (!wanted.contains(prefix))
            gone.push_back(prefix);
    for (const auto& prefix : gone)
        unwant(prefix);
    for (const auto& [prefix, attributes] : wanted)
        want(prefix, attributes);
}

std::shared_ptr<export_group> audience::group(net::address_family family,
                                              const wire::next_hop& next_hop,
                                              const wire::update_format& format) {
    std::erase_if(members_, [](const member& known) { return known.group.expired(); });
    for (const auto& known : members_)
        if (auto group = known.group.lock(); group->family() == family &&
                                             group->format() == format &&
                                             known.attributes.next_hop() == next_hop)
            return group;
    auto made = std::make_shared<export_group>(family, format);
    auto& attributes = members_.emplace_back(completed(next_hop), made).attributes;
    for (const auto& [prefix, wanted] : wanted_)
        if (prefix.family() == family)
            made->want(prefix, attributes.of(wanted));
    return made;
}

template <typename Action>
void audience::for_each_group(net::address_family family, const Action& action) {
    for (auto& each : members_)
        if (const auto group = each.group.lock(); group && group->family() == family)
            action(*group, each.attributes);
}

} // namespace herald::bgp
