#include "tests/bgp/model_neighbor.hpp"
#include "tests/bgp/rib_support.hpp"
#include "tests/support/sanitized.hpp"

#include <doctest/doctest.h>
#include <map>
#include <random>
#include <vector>

using namespace herald;
using namespace herald::bgp;
using namespace herald::bgp::test;

namespace {

/// Random changes to a rib_out, and what should come of them.
class random_run {
public:
    random_run(unsigned seed, bool with_refreshes) : random_(seed) {
        neighbor_.strict = !with_refreshes;
        with_refreshes_ = with_refreshes;
        start_session();
    }

    void step() {
        switch (pick(with_refreshes_ ? 24 : 22)) {
        case 0: return settle();
        case 1: return pick(10) == 0 ? start_session() : write_one();
        case 2: return rib_.owe_end_of_rib();
        case 22: return rib_.resend(pick(2) == 0 ? ipv4 : ipv6, true);
        case 23: return rib_.resend(pick(2) == 0 ? ipv4 : ipv6, false);
        default: break;
        }
        switch (pick(3)) {
        case 0: return want();
        case 1: return unwant();
        default: return write_one();
        }
    }

    /// Writes all that is due and compares.
    void settle() {
        while (rib_.has_message())
            write_one();
        table expected;
        for (const auto& [prefix, attributes] : wanted_)
            if (families_.contains(prefix.family()) && is_sendable(*attributes))
                expected.emplace(prefix, *attributes);
        REQUIRE(neighbor_.routes() == expected);
        REQUIRE_FALSE(neighbor_.in_refresh());
    }

    std::size_t written() const { return written_; }

private:
    unsigned pick(unsigned count) {
        return std::uniform_int_distribution<unsigned>(0, count - 1)(random_);
    }

    net::ip_prefix any_prefix() {
        if (pick(3) > 0)
            return numbered(pick(40), 24);
        return prefix("2001:db8:" + std::to_string(pick(20)) + "::/48");
    }

    void start_session() {
        families_ = pick(3) == 0 ? net::family_set{ipv6} : net::family_set{ipv4, ipv6};
        format_.max_size = pick(3) == 0 ? 65535 : 4096;
        format_.four_octet_as = pick(2) == 0;
        format_.extended_next_hop = pick(2) == 0;
        rib_.session_up(families_, format_);
        neighbor_ = model_neighbor(neighbor_.strict);
    }

    void want() {
        const auto prefix = any_prefix();
        const auto attributes = any_attributes(prefix.family());
        wanted_[prefix] = attributes;
        rib_.want(prefix, attributes);
    }

    shared_attributes any_attributes(net::address_family family) {
        const auto kind = pick(8);
        if (family == ipv6)
            return attributes(kind, "2001:db8::1");
        return kind == 7 ? too_large_attributes(pick(2)) : attributes(kind);
    }

    bool is_sendable(const wire::path_attributes& attributes) const {
        return attributes.communities.empty() || format_.max_size == 65535;
    }

    void unwant() {
        const auto prefix = any_prefix();
        wanted_.erase(prefix);
        rib_.unwant(prefix);
    }

    void write_one() {
        if (const auto message = rib_.next_message()) {
            neighbor_.hear(read(*message, format_));
            ++written_;
        }
        table known;
        for (const auto& [prefix, attributes] : rib_.advertised())
            known.emplace(prefix, *attributes);
        REQUIRE(neighbor_.routes() == known);
    }

    std::mt19937 random_;
    bool with_refreshes_ = false;
    lone_rib_out rib_;
    model_neighbor neighbor_;
    std::map<net::ip_prefix, shared_attributes> wanted_;
    net::family_set families_;
    wire::update_format format_;
    std::size_t written_ = 0;
};

void run_all(bool with_refreshes) {
    std::size_t written = 0;
    for (unsigned seed = 1; seed <= herald::test::runs_by_chance; ++seed) {
        CAPTURE(seed);
        random_run run(seed, with_refreshes);
        for (int i = 0; i < 400; ++i)
            run.step();
        run.settle();
        written += run.written();
    }
    CHECK(written > 75 * herald::test::runs_by_chance);
}

} // namespace

TEST_CASE("rib_out: whatever changes, a neighbor ends up with what is wanted, and hears "
          "nothing that it has") {
    run_all(false);
}

TEST_CASE("rib_out: whatever changes and is asked for again, a neighbor ends up with what is "
          "wanted, RFC 2918, RFC 7313") {
    run_all(true);
}
