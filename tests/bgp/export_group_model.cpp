#include "tests/bgp/model_neighbor.hpp"
#include "tests/bgp/rib_support.hpp"
#include "tests/support/sanitized.hpp"

#include <algorithm>
#include <array>
#include <doctest/doctest.h>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace herald;
using namespace herald::bgp;
using namespace herald::bgp::test;

namespace {

/// A neighbor behind a connection: octets come in at any pace.
class connected_neighbor {
public:
    rib_out rib;

    void session_up(net::family_set families, const wire::update_format& format, bool strict) {
        rib.session_up(families);
        neighbor_ = model_neighbor(strict);
        format_ = format;
        pending_.clear();
    }

    /// Writes about so many octets of what is due. Returns whether there were any.
    bool write(std::size_t room) {
        std::vector<wire::octets> pieces;
        rib.gather(pieces, room);
        std::size_t count = 0;
        rib_out::completed seen;
        for (const auto piece : pieces) {
            const auto part = piece.first(std::min(piece.size(), room - count));
            count += part.size();
            receive(part, seen);
        }
        const auto done = rib.wrote(count);
        REQUIRE(done.updates == seen.updates);
        REQUIRE(done.refreshes == seen.refreshes);
        REQUIRE((rib.rest_of_message() == 0) == pending_.empty());
        return count > 0;
    }

    /// What it has is what the rib says it has, in the middle of a message, too.
    void compare() const {
        table known;
        for (const auto& [prefix, attributes] : rib.advertised()) {
            REQUIRE(rib.advertised(prefix) == attributes);
            known.emplace(prefix, *attributes);
        }
        REQUIRE(neighbor_.routes() == known);
        REQUIRE(rib.advertised_count(ipv4) + rib.advertised_count(ipv6) == known.size());
    }

    const model_neighbor& hears() const { return neighbor_; }

private:
    void receive(wire::octets octets, rib_out::completed& seen) {
        for (const auto octet : octets) {
            pending_.push_back(octet);
            if (pending_.size() < wire::header_size ||
                pending_.size() < std::size_t{pending_[16]} * 256 + pending_[17])
                continue;
            ++(pending_[18] == 2 ? seen.updates : seen.refreshes);
            neighbor_.hear(read(pending_, format_));
            pending_.clear();
        }
    }

    model_neighbor neighbor_;
    wire::update_format format_;
    std::vector<std::uint8_t> pending_;
};

constexpr std::array next_hops{"192.0.2.1", "192.0.2.2"};
constexpr std::array next_hops_v6{"2001:db8::1", "2001:db8::2"};

/// What neighbors with one next hop hear.
struct hearing {
    std::map<net::ip_prefix, shared_attributes> wanted;
    std::shared_ptr<export_group> ipv4_group, ipv6_group;

    const std::shared_ptr<export_group>& group(net::address_family family) const {
        return family == ipv4 ? ipv4_group : ipv6_group;
    }
};

class random_groups {
public:
    random_groups(unsigned seed, bool with_refreshes)
        : random_(seed)
        , with_refreshes_(with_refreshes) {
        format_.max_size = pick(4) == 0 ? 65535 : 4096;
        const std::size_t octets_at_once = pick(2) == 0 ? 150 : 32768;
        for (auto& hears : hearings_) {
            hears.ipv4_group = std::make_shared<export_group>(ipv4, format_, octets_at_once);
            hears.ipv6_group = std::make_shared<export_group>(ipv6, format_, octets_at_once);
        }
        for (std::size_t i = 0; i < neighbors_.size(); ++i)
            start_session(i);
    }

    void step() {
        const auto which = pick(neighbors_.size());
        switch (pick(with_refreshes_ ? 64 : 60)) {
        case 0: return settle();
        case 1: return start_session(which);
        case 2: return neighbors_[which].rib.owe_end_of_rib();
        case 3:
        case 4: return join(which, any_family(), pick(2));
        case 5: return leave(which, any_family());
        case 60:
        case 61: return neighbors_[which].rib.resend(any_family(), true);
        case 62:
        case 63: return neighbors_[which].rib.resend(any_family(), false);
        default: break;
        }
        switch (pick(5)) {
        case 0: return want();
        case 1: return unwant();
        default: return write(which);
        }
    }

    /// All write all that is due. Then each has what its groups want, and all who hear the same
    /// stand at the same place.
    void settle() {
        for (std::size_t i = 0; i < neighbors_.size(); ++i) {
            auto& neighbor = neighbors_[i];
            while (neighbor.rib.has_message())
                write(i);
            REQUIRE(neighbor.rib.rest_of_message() == 0);
            REQUIRE(neighbor.hears().routes() == expected(i));
            REQUIRE_FALSE(neighbor.hears().in_refresh());
            if (with_refreshes_)
                continue;
            for (const auto family : net::all_families)
                REQUIRE(neighbor.rib.place(family).at_end());
        }
        check_differences();
    }

    std::size_t written() const { return written_; }

private:
    unsigned pick(std::size_t count) {
        return std::uniform_int_distribution<unsigned>(0,
                                                       static_cast<unsigned>(count - 1))(random_);
    }

    net::address_family any_family() { return pick(2) == 0 ? ipv4 : ipv6; }

    void start_session(std::size_t which) {
        families_[which] = pick(4) == 0 ? net::family_set{ipv6} : net::family_set{ipv4, ipv6};
        neighbors_[which].session_up(families_[which], format_, !with_refreshes_);
        hears_[which] = {};
        for (const auto family : net::all_families)
            join(which, family, pick(2));
    }

    void join(std::size_t which, net::address_family family, unsigned hearing) {
        neighbors_[which].rib.join(family, hearings_.at(hearing).group(family));
        hears_[which][family] = hearing;
    }

    void leave(std::size_t which, net::address_family family) {
        neighbors_[which].rib.leave(family);
        hears_[which].erase(family);
    }

    net::ip_prefix any_prefix() {
        if (pick(3) > 0)
            return numbered(pick(40), 24);
        return prefix("2001:db8:" + std::to_string(pick(20)) + "::/48");
    }

    /// Most often both groups come to hear the same, as with a neighbor's next hop that changes.
    void want() {
        const auto where = any_prefix();
        const auto kind = pick(8);
        const auto only = pick(8);
        for (unsigned i = 0; i < hearings_.size(); ++i) {
            if (only == i)
                continue;
            const auto with = where.family() == ipv6 ? attributes(kind, next_hops_v6.at(i))
                              : kind == 7            ? too_large_attributes(1)
                                                     : attributes(kind, next_hops.at(i));
            hearings_.at(i).wanted[where] = with;
            hearings_.at(i).group(where.family())->want(where, with);
        }
    }

    void unwant() {
        const auto where = any_prefix();
        for (auto& hears : hearings_) {
            hears.wanted.erase(where);
            hears.group(where.family())->unwant(where);
        }
    }

    void write(std::size_t which) {
        const bool by_message = pick(8) == 0;
        written_ += neighbors_[which].write(by_message ? 65536 : 1 + pick(300)) ? 1U : 0U;
        neighbors_[which].compare();
        for (const auto family : net::all_families)
            if (const auto& at = neighbors_[which].rib.place(family))
                seen_.push_back(at.difference());
    }

    table expected(std::size_t which) const {
        table all;
        for (const auto& [family, hearing] : hears_[which])
            for (const auto& [prefix, attributes] : hearings_.at(hearing).wanted)
                if (prefix.family() == family && families_[which].contains(family) &&
                    (attributes->communities.empty() || format_.max_size == 65535))
                    all.emplace(prefix, *attributes);
        return all;
    }

    /// All are up to date. After one more change in each group no difference is left but one for
    /// each group that is heard.
    void check_differences() {
        for (unsigned i = 0; i < hearings_.size(); ++i)
            for (const auto& where : {numbered(99, 24), prefix("2001:db8:99::/48")})
                toggle(i, where);
        std::set<export_difference*> places;
        for (auto& neighbor : neighbors_) {
            while (neighbor.write(65536)) {
            }
            for (const auto family : net::all_families)
                if (const auto& at = neighbor.rib.place(family))
                    places.insert(at.difference().get());
        }
        REQUIRE(places.size() <= 4); // two groups of each family
        std::erase_if(seen_, [](const auto& difference) { return difference.expired(); });
        std::set<export_difference*> alive;
        for (const auto& difference : seen_)
            alive.insert(difference.lock().get());
        REQUIRE(std::ranges::includes(places, alive));
    }

    void toggle(unsigned hearing, const net::ip_prefix& where) {
        auto& hears = hearings_.at(hearing);
        const bool gone = hears.wanted.erase(where) > 0;
        if (gone)
            return hears.group(where.family())->unwant(where);
        const auto with =
            attributes(1, (where.family() == ipv4 ? next_hops : next_hops_v6).at(hearing));
        hears.wanted[where] = with;
        hears.group(where.family())->want(where, with);
    }

    std::mt19937 random_;
    bool with_refreshes_;
    wire::update_format format_;
    std::array<hearing, 2> hearings_;
    std::array<connected_neighbor, 5> neighbors_;
    std::array<net::family_set, 5> families_;
    std::array<std::map<net::address_family, unsigned>, 5> hears_;
    std::vector<std::weak_ptr<export_difference>> seen_;
    std::size_t written_ = 0;
};

void run(bool with_refreshes) {
    std::size_t written = 0;
    for (unsigned seed = 1; seed <= herald::test::runs_by_chance; ++seed) {
        CAPTURE(seed);
        random_groups groups(seed, with_refreshes);
        for (int i = 0; i < 800; ++i)
            groups.step();
        groups.settle();
        written += groups.written();
    }
    CHECK(written > 250 * herald::test::runs_by_chance);
}

} // namespace

TEST_CASE("export_group: neighbors at any pace, moving between groups, each end up with what is "
          "wanted, and hear nothing that they have") {
    run(false);
}

TEST_CASE("export_group: neighbors at any pace, that also ask for all again, each end up with what "
          "is wanted, RFC 2918, RFC 7313") {
    run(true);
}
