#pragma once

#include "herald/health/dns_settings.hpp"

#include <cstdint>
#include <ldns/ldns.h>
#include <memory>
#include <string>
#include <string_view>

// It defines them as in C.
#undef true
#undef false
#undef bool

namespace herald::health {

/// The functions of ldns that are used, each by its name without "ldns_".
#define HERALD_LDNS_FUNCTIONS(DO)                                                                  \
    DO(dname_compare)                                                                              \
    DO(get_rr_type_by_name)                                                                        \
    DO(lookup_by_id)                                                                               \
    DO(lookup_by_name)                                                                             \
    DO(pkt2wire)                                                                                   \
    DO(pkt_answer)                                                                                 \
    DO(pkt_free)                                                                                   \
    DO(pkt_get_rcode)                                                                              \
    DO(pkt_query_new)                                                                              \
    DO(pkt_set_id)                                                                                 \
    DO(rdf2str)                                                                                    \
    DO(rdf_compare)                                                                                \
    DO(rdf_deep_free)                                                                              \
    DO(rr2canonical)                                                                               \
    DO(rr_free)                                                                                    \
    DO(rr_get_class)                                                                               \
    DO(rr_get_type)                                                                                \
    DO(rr_list_rr)                                                                                 \
    DO(rr_list_rr_count)                                                                           \
    DO(rr_new_frm_str)                                                                             \
    DO(rr_owner)                                                                                   \
    DO(rr_rd_count)                                                                                \
    DO(rr_rdf)                                                                                     \
    DO(rr_type2str)                                                                                \
    DO(str2rdf_dname)                                                                              \
    DO(wire2pkt)                                                                                   \
    DO(wire2rr)

/// ldns, loaded when it is first asked for.
struct ldns_library {
// A name that is declared takes no parentheses. NOLINTNEXTLINE(bugprone-macro-parentheses)
#define HERALD_MEMBER(name) decltype(&::ldns_##name) name = nullptr;
    HERALD_LDNS_FUNCTIONS(HERALD_MEMBER)
#undef HERALD_MEMBER
    decltype(&::ldns_rcodes[0]) rcodes = nullptr;
};

inline constexpr std::string_view no_ldns = "libldns.so.3 cannot be loaded: install ldns";

/// Null where it cannot be loaded.
const ldns_library* ldns();

/// ldns's values with their ends. There are none where it is not loaded.
struct ldns_ender {
    void operator()(ldns_rdf* value) const { ldns()->rdf_deep_free(value); }
    void operator()(ldns_rr* value) const { ldns()->rr_free(value); }
    void operator()(ldns_pkt* value) const { ldns()->pkt_free(value); }
};
using ldns_name = std::unique_ptr<ldns_rdf, ldns_ender>;
using ldns_record = std::unique_ptr<ldns_rr, ldns_ender>;
using ldns_message = std::unique_ptr<ldns_pkt, ldns_ender>;

/// A record with the data that are expected, in canonical form (RFC 4034 §6.2); null where they are
/// none of its type.
ldns_record expected_record(const dns_settings& settings);

/// A text that ldns allocated, freed.
std::string taken(char* text);

} // namespace herald::health
