#include "herald/health/dns_message.hpp"

#include "herald/health/last_line.hpp"
#include "ldns_library.hpp"

#include <cstddef>
#include <cstdlib>
#include <fmt/format.h>

namespace herald::health {

namespace {

constexpr std::size_t header_size = 12; // RFC 1035 §4.1.1

unsigned number_16(std::span<const std::uint8_t> message, std::size_t at) {
    return message[at] * 256U + message[at + 1];
}

ldns_name name_of(const dns_settings& settings) {
    ldns_rdf* name = nullptr;
    if (ldns() == nullptr || ldns()->str2rdf_dname(&name, settings.name.c_str()) != LDNS_STATUS_OK)
        return nullptr;
    return ldns_name(name);
}

/// By id, and by a question that is ours, RFC 5452 §9.1.
bool answers(const dns_settings& settings, std::uint16_t id,
             std::span<const std::uint8_t> message) {
    constexpr std::uint8_t response_and_opcode = 0xf8;
    if (message.size() < header_size || number_16(message, 0) != id ||
        (message[2] & response_and_opcode) != 0x80 || number_16(message, 4) != 1 ||
        ldns() == nullptr)
        return false;
    ldns_rr* parsed = nullptr;
    std::size_t at = header_size;
    if (ldns()->wire2rr(&parsed, message.data(), message.size(), &at, LDNS_SECTION_QUESTION) !=
        LDNS_STATUS_OK)
        return false;
    const ldns_record question(parsed);
    const auto name = name_of(settings);
    return name != nullptr && ldns()->dname_compare(ldns()->rr_owner(parsed), name.get()) == 0 &&
           ldns()->rr_get_type(parsed) == settings.record &&
           ldns()->rr_get_class(parsed) == settings.record_class;
}

std::string rcode_text(unsigned rcode) {
    const auto* found = ldns()->lookup_by_id(ldns()->rcodes, static_cast<int>(rcode));
    return found == nullptr ? fmt::format("RCODE{}", rcode) : found->name;
}

std::string data_text(const ldns_rr* record) {
    std::string text;
    for (std::size_t i = 0; i < ldns()->rr_rd_count(record); ++i)
        text += (i == 0 ? "" : " ") + taken(ldns()->rdf2str(ldns()->rr_rdf(record, i)));
    return text;
}

bool same_data(const ldns_rr* a, const ldns_rr* b) {
    if (ldns()->rr_rd_count(a) != ldns()->rr_rd_count(b))
        return false;
    for (std::size_t i = 0; i < ldns()->rr_rd_count(a); ++i)
        if (ldns()->rdf_compare(ldns()->rr_rdf(a, i), ldns()->rr_rdf(b, i)) != 0)
            return false;
    return true;
}

/// The answer's records of the type that was asked for; those of a CNAME that leads to them are of
/// another.
std::vector<ldns_rr*> answers_in(const ldns_pkt* reply, const dns_settings& settings) {
    std::vector<ldns_rr*> found;
    const auto* section = ldns()->pkt_answer(reply);
    for (std::size_t i = 0; i < ldns()->rr_list_rr_count(section); ++i) {
        auto* record = ldns()->rr_list_rr(section, i);
        if (ldns()->rr_get_type(record) == settings.record &&
            ldns()->rr_get_class(record) == settings.record_class)
            found.push_back(record);
    }
    return found;
}

/// What is wrong with the records; empty when nothing is.
std::string unexpected_answer(const std::vector<ldns_rr*>& records, const dns_settings& settings) {
    const auto expected = expected_record(settings);
    std::string others;
    for (auto* record : records) {
        auto text = data_text(record);
        ldns()->rr2canonical(record);
        if (expected != nullptr && same_data(record, expected.get()))
            return {};
        others += (others.empty() ? "" : ", ") + text;
        if (others.size() > max_output) // it is cut anyway
            break;
    }
    return fmt::format("answered {}, not {}", others.empty() ? "no such record" : others,
                       settings.expect_answer);
}

} // namespace

std::vector<std::uint8_t> dns_query(const dns_settings& settings, std::uint16_t id) {
    auto name = name_of(settings);
    if (name == nullptr)
        return {};
    const ldns_message query(
        ldns()->pkt_query_new(name.get(), static_cast<ldns_rr_type>(settings.record),
                              static_cast<ldns_rr_class>(settings.record_class), LDNS_RD));
    if (query == nullptr)
        return {};
    [[maybe_unused]] const auto* owned_by_query = name.release();
    ldns()->pkt_set_id(query.get(), id);
    std::uint8_t* octets = nullptr;
    std::size_t size = 0;
    if (ldns()->pkt2wire(&octets, query.get(), &size) != LDNS_STATUS_OK)
        return {};
    std::vector<std::uint8_t> result(octets, octets + size);
    std::free(octets);
    return result;
}

std::expected<probe_result, dns_misfit> judge_dns_reply(const dns_settings& settings,
                                                        std::uint16_t id,
                                                        std::span<const std::uint8_t> message) {
    constexpr std::uint8_t truncation = 0x02;
    if (!answers(settings, id, message))
        return std::unexpected(dns_misfit::unrelated);
    if ((message[2] & truncation) != 0)
        return std::unexpected(dns_misfit::truncated);
    ldns_pkt* parsed = nullptr;
    if (ldns()->wire2pkt(&parsed, message.data(), message.size()) != LDNS_STATUS_OK)
        return std::unexpected(dns_misfit::unrelated);
    const ldns_message reply(parsed);
    probe_result result;
    const auto rcode = rcode_text(ldns()->pkt_get_rcode(parsed));
    if (ldns()->pkt_get_rcode(parsed) != settings.expect_rcode) {
        result.output =
            fmt::format("answered {}, not {}", rcode, rcode_text(settings.expect_rcode));
        return result;
    }
    const auto records = answers_in(parsed, settings);
    if (!settings.expect_answer.empty())
        result.output = printable(unexpected_answer(records, settings));
    if (!result.output.empty())
        return result;
    result.outcome = verdict::pass;
    result.output =
        fmt::format("{}, {} record{}", rcode, records.size(), records.size() == 1 ? "" : "s");
    return result;
}

} // namespace herald::health
