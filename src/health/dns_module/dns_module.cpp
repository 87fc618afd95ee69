// herald-dns.so: the one place that knows ldns.

#include "herald/health/dns_interface.hpp"

#include <cstdlib>
#include <cstring>
#include <ldns/ldns.h>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// It defines them as in C.
#undef true
#undef false
#undef bool

namespace herald::health {
namespace {

constexpr std::size_t header_size = 12;  // RFC 1035 §4.1.1
constexpr std::size_t most_shown = 1024; // more is cut anyway

using name_holder = std::unique_ptr<ldns_rdf, http::ender<ldns_rdf_deep_free>>;
using record_holder = std::unique_ptr<ldns_rr, http::ender<ldns_rr_free>>;
using message_holder = std::unique_ptr<ldns_pkt, http::ender<ldns_pkt_free>>;
using octets = std::span<const std::uint8_t>;

/// A text that ldns allocated, freed.
std::string taken(char* text) {
    std::string result(text == nullptr ? "" : text);
    std::free(text);
    return result;
}

/// "AAAA", "TYPE65280".
std::string type_text(std::uint16_t type) {
    return taken(ldns_rr_type2str(static_cast<ldns_rr_type>(type)));
}

std::string rcode_text(unsigned rcode) {
    const auto* found = ldns_lookup_by_id(ldns_rcodes, static_cast<int>(rcode));
    return found == nullptr ? "RCODE" + std::to_string(rcode) : found->name;
}

std::string data_text(const ldns_rr* record) {
    std::string text;
    for (std::size_t i = 0; i < ldns_rr_rd_count(record); ++i)
        text += (i == 0 ? "" : " ") + taken(ldns_rdf2str(ldns_rr_rdf(record, i)));
    return text;
}

name_holder parse_name(const char* text) {
    ldns_rdf* name = nullptr;
    const auto status = ldns_str2rdf_dname(&name, text);
    name_holder result(name);
    return status == LDNS_STATUS_OK ? std::move(result) : nullptr;
}

/// A record with the data that are expected, in canonical form (RFC 4034 §6.2); null if they are
/// none of its type.
record_holder parse_data(std::uint16_t type, const char* data) {
    // The class does not change how data are written; ldns knows CH only by IN's types.
    const auto line = ". 0 IN " + type_text(type) + " " + data;
    ldns_rr* parsed = nullptr;
    if (ldns_rr_new_frm_str(&parsed, line.c_str(), 0, nullptr, nullptr) != LDNS_STATUS_OK)
        return nullptr;
    record_holder record(parsed);
    ldns_rr2canonical(parsed);
    return record;
}

bool same_data(const ldns_rr* a, const ldns_rr* b) {
    if (ldns_rr_rd_count(a) != ldns_rr_rd_count(b))
        return false;
    for (std::size_t i = 0; i < ldns_rr_rd_count(a); ++i)
        if (ldns_rdf_compare(ldns_rr_rdf(a, i), ldns_rr_rdf(b, i)) != 0)
            return false;
    return true;
}

unsigned number_16(octets message, std::size_t at) {
    return message[at] * 256U + message[at + 1];
}

/// By id, and by a question that is ours, RFC 5452 §9.1.
bool answers(const dns_question& asked, octets message) {
    constexpr std::uint8_t response_and_opcode = 0xf8;
    if (message.size() < header_size || number_16(message, 0) != asked.id ||
        (message[2] & response_and_opcode) != 0x80 || number_16(message, 4) != 1)
        return false;
    ldns_rr* parsed = nullptr;
    std::size_t at = header_size;
    if (ldns_wire2rr(&parsed, message.data(), message.size(), &at, LDNS_SECTION_QUESTION) !=
        LDNS_STATUS_OK)
        return false;
    const record_holder question(parsed);
    const auto name = parse_name(asked.name);
    return name != nullptr && ldns_dname_compare(ldns_rr_owner(parsed), name.get()) == 0 &&
           ldns_rr_get_type(parsed) == asked.record &&
           ldns_rr_get_class(parsed) == asked.record_class;
}

/// The answer's records of the type that was asked for; those of a CNAME that leads to them are of
/// another.
std::vector<ldns_rr*> answers_in(const ldns_pkt* reply, const dns_question& asked) {
    std::vector<ldns_rr*> found;
    const auto* section = ldns_pkt_answer(reply);
    for (std::size_t i = 0; i < ldns_rr_list_rr_count(section); ++i) {
        auto* record = ldns_rr_list_rr(section, i);
        if (ldns_rr_get_type(record) == asked.record &&
            ldns_rr_get_class(record) == asked.record_class)
            found.push_back(record);
    }
    return found;
}

/// What is wrong with the records; empty: nothing.
std::string unexpected_answer(const std::vector<ldns_rr*>& records, const dns_question& asked,
                              const char* data) {
    const auto expected = parse_data(asked.record, data);
    std::string others;
    for (auto* record : records) {
        auto text = data_text(record);
        ldns_rr2canonical(record);
        if (expected != nullptr && same_data(record, expected.get()))
            return {};
        others += (others.empty() ? "" : ", ") + text;
        if (others.size() > most_shown)
            break;
    }
    return "answered " + (others.empty() ? "no such record" : others) + ", not " + data;
}

class ldns final : public dns_interface {
public:
    std::uint16_t record_type(const char* name) const noexcept override {
        return static_cast<std::uint16_t>(ldns_get_rr_type_by_name(name));
    }
    int response_code(const char* name) const noexcept override {
        const auto* found = ldns_lookup_by_name(ldns_rcodes, name);
        return found == nullptr ? -1 : found->id;
    }
    bool is_name(const char* text) const noexcept override { return parse_name(text) != nullptr; }
    bool is_data(std::uint16_t type, const char* text,
                 http::text_sink& type_name) const noexcept override {
        set(type_name, type_text(type));
        return parse_data(type, text) != nullptr;
    }
    std::size_t query(const dns_question& asked, std::uint8_t* into,
                      std::size_t room) const noexcept override;
    dns_relation judge(const dns_question& asked, const dns_expectation& expected,
                       const std::uint8_t* message, std::size_t size, bool& passed,
                       http::text_sink& text) const noexcept override;
};

std::size_t ldns::query(const dns_question& asked, std::uint8_t* into,
                        std::size_t room) const noexcept {
    auto name = parse_name(asked.name);
    if (name == nullptr)
        return 0;
    const message_holder made(
        ldns_pkt_query_new(name.get(), static_cast<ldns_rr_type>(asked.record),
                           static_cast<ldns_rr_class>(asked.record_class), LDNS_RD));
    if (made == nullptr)
        return 0;
    [[maybe_unused]] const auto* owned_by_query = name.release();
    ldns_pkt_set_id(made.get(), asked.id);
    std::uint8_t* written = nullptr;
    std::size_t size = 0;
    if (ldns_pkt2wire(&written, made.get(), &size) != LDNS_STATUS_OK)
        return 0;
    size = size <= room ? size : 0;
    std::memcpy(into, written, size);
    std::free(written);
    return size;
}

dns_relation ldns::judge(const dns_question& asked, const dns_expectation& expected,
                         const std::uint8_t* message, std::size_t size, bool& passed,
                         http::text_sink& text) const noexcept {
    constexpr std::uint8_t truncation = 0x02;
    if (!answers(asked, octets(message, size)))
        return dns_relation::unrelated;
    if ((message[2] & truncation) != 0)
        return dns_relation::truncated;
    ldns_pkt* parsed = nullptr;
    if (ldns_wire2pkt(&parsed, message, size) != LDNS_STATUS_OK)
        return dns_relation::unrelated;
    const message_holder reply(parsed);
    passed = false;
    const auto rcode = rcode_text(ldns_pkt_get_rcode(parsed));
    if (ldns_pkt_get_rcode(parsed) != expected.rcode) {
        set(text, "answered " + rcode + ", not " + rcode_text(expected.rcode));
        return dns_relation::answers;
    }
    const auto records = answers_in(parsed, asked);
    const auto wrong =
        *expected.data == '\0' ? "" : unexpected_answer(records, asked, expected.data);
    passed = wrong.empty();
    set(text, passed ? rcode + ", " + std::to_string(records.size()) + " record" +
                           (records.size() == 1 ? "" : "s")
                     : wrong);
    return dns_relation::answers;
}

} // namespace
} // namespace herald::health

extern "C" [[gnu::visibility("default")]] void* herald_module(const char* version) noexcept {
    return herald::http::offer<herald::health::dns_interface, herald::health::ldns>(version);
}
