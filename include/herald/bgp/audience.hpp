#pragma once

#include "herald/bgp/export_group.hpp"
#include "herald/bgp/shared_attributes.hpp"
#include "herald/net/address_family.hpp"
#include "herald/net/ip_prefix.hpp"
#include "herald/wire/update.hpp"

#include <map>
#include <memory>
#include <vector>

namespace herald::bgp {

/// Neighbors with equal export settings that hear the same services: what they hear, without next
/// hop, and the groups of those that hear it with the same next hop and in the same format.
class audience {
public:
    using routes = std::map<net::ip_prefix, shared_attributes>;

    /// From now on `prefix` is to be advertised with these attributes, save the next hop. Prefixes
    /// with equal attributes best have the same object.
    void want(const net::ip_prefix& prefix, const shared_attributes& attributes);
    void unwant(const net::ip_prefix& prefix);
    /// From now on these are to be advertised, and no others.
    void want_only(const routes& wanted);
    const routes& wanted() const { return wanted_; }

    /// The group of the neighbors with this next hop and format; it exists as long as somebody
    /// holds it.
    std::shared_ptr<export_group> group(net::address_family family, const wire::next_hop& next_hop,
                                        const wire::update_format& format);

private:
    /// Attributes with a next hop, each made once.
    class completed {
    public:
        explicit completed(wire::next_hop next_hop) : next_hop_(std::move(next_hop)) {}
        const wire::next_hop& next_hop() const { return next_hop_; }
        shared_attributes of(const shared_attributes& attributes);

    private:
        void forget_unused();

        wire::next_hop next_hop_;
        std::map<shared_attributes, std::weak_ptr<const wire::path_attributes>> known_;
        std::size_t enough_ = 16; // to look for those that nobody uses any more
    };
    struct member {
        completed attributes;
        std::weak_ptr<export_group> group;
    };

    template <typename Action>
    void for_each_group(net::address_family family, const Action& action);

    routes wanted_;
    std::vector<member> members_;
};

} // namespace herald::bgp
