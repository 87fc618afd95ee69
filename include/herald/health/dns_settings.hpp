#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace herald::health {

/// Asks one question and judges the reply.
struct dns_settings {
    std::string host; // an address or a name
    std::uint16_t port = 53;
    std::string name;               // as in a zone file
    std::uint16_t record = 1;       // its type's number; 1 is A
    std::uint16_t record_class = 1; // 1 is IN, 3 is CH
    bool tcp = false;               // else UDP, and TCP where the reply was cut
    std::uint8_t expect_rcode = 0;  // 0 is NOERROR
    std::string expect_answer;      // a record's data, as in a zone file; empty: any or none
    friend bool operator==(const dns_settings&, const dns_settings&) = default;
};

/// Texts to numbers of the protocol. An error says what would be right.
std::expected<std::uint16_t, std::string> parse_record_type(std::string_view text);
std::expected<std::uint16_t, std::string> parse_record_class(std::string_view text);
std::expected<std::uint8_t, std::string> parse_rcode(std::string_view text);
/// A domain name that can be asked for.
std::expected<std::string, std::string> parse_domain_name(std::string_view text);

/// What is wrong with the answer that is expected; empty where nothing is.
std::string problem_of_answer(const dns_settings& settings);

} // namespace herald::health
