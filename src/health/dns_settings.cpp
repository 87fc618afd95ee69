#include "herald/health/dns_settings.hpp"

#include "ldns_library.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace herald::health {

namespace {

/// Whether the text is one line of printable ASCII, as ldns takes it.
bool is_plain(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

/// "AAAA", "TYPE65280".
std::string record_type_text(std::uint16_t type) {
    return taken(ldns()->rr_type2str(static_cast<ldns_rr_type>(type)));
}

std::string upper_case(std::string_view text) {
    std::string result(text);
    for (auto& c : result)
        if (c >= 'a' && c <= 'z')
            c = static_cast<char>(c - 'a' + 'A');
    return result;
}

} // namespace

std::expected<std::uint16_t, std::string> parse_record_type(std::string_view text) {
    if (ldns() == nullptr)
        return std::unexpected(std::string(no_ldns));
    const auto type = ldns()->get_rr_type_by_name(upper_case(text).c_str());
    // A whole zone is no question with one reply.
    if (type == 0 || type == LDNS_RR_TYPE_AXFR || type == LDNS_RR_TYPE_IXFR)
        return std::unexpected("not a type of record, such as A, AAAA, SOA or TYPE65280");
    return static_cast<std::uint16_t>(type);
}

std::expected<std::uint16_t, std::string> parse_record_class(std::string_view text) {
    if (text == "IN" || text == "in")
        return std::uint16_t{LDNS_RR_CLASS_IN};
    if (text == "CH" || text == "ch")
        return std::uint16_t{LDNS_RR_CLASS_CH};
    return std::unexpected("expected one of IN, CH");
}

std::expected<std::uint8_t, std::string> parse_rcode(std::string_view text) {
    if (ldns() == nullptr)
        return std::unexpected(std::string(no_ldns));
    constexpr int largest = 15; // without EDNS, RFC 1035 §4.1.1
    const auto* found = ldns()->lookup_by_name(ldns()->rcodes, upper_case(text).c_str());
    if (found == nullptr || found->id > largest)
        return std::unexpected("not a response code, such as NOERROR, NXDOMAIN or REFUSED");
    return static_cast<std::uint8_t>(found->id);
}

std::expected<std::string, std::string> parse_domain_name(std::string_view text) {
    if (ldns() == nullptr)
        return std::unexpected(std::string(no_ldns));
    std::string name(text);
    ldns_rdf* parsed = nullptr;
    const auto status = text.empty() || !is_plain(text) || text.contains(' ')
                            ? LDNS_STATUS_SYNTAX_DNAME_ERR
                            : ldns()->str2rdf_dname(&parsed, name.c_str());
    const ldns_name owned(parsed);
    if (status != LDNS_STATUS_OK)
        return std::unexpected("not a domain name, such as example.org or id.server");
    return name;
}

std::string problem_of_answer(const dns_settings& settings) {
    if (settings.expect_answer.empty() || ldns() == nullptr) // the name has told of that
        return {};
    if (!is_plain(settings.expect_answer))
        return "expected one line of ASCII";
    if (expected_record(settings) == nullptr)
        return fmt::format("not the data of a record of type {}, as in a zone file",
                           record_type_text(settings.record));
    return {};
}

ldns_record expected_record(const dns_settings& settings) {
    // The class does not change how data are written; ldns knows CH only by IN's types.
    const auto line =
        fmt::format(". 0 IN {} {}", record_type_text(settings.record), settings.expect_answer);
    ldns_rr* parsed = nullptr;
    if (ldns()->rr_new_frm_str(&parsed, line.c_str(), 0, nullptr, nullptr) != LDNS_STATUS_OK)
        return nullptr;
    ldns_record record(parsed);
    ldns()->rr2canonical(record.get());
    return record;
}

} // namespace herald::health
