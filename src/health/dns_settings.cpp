#include "herald/health/dns_settings.hpp"

#include "dns_module.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace herald::health {

namespace {

/// Whether the text is one line of printable ASCII, as ldns takes it.
bool is_plain(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
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
    constexpr std::uint16_t ixfr = 251;
    constexpr std::uint16_t axfr = 252;
    const auto module = load_dns();
    if (!module)
        return std::unexpected(module.error());
    const auto type = (*module)->record_type(upper_case(text).c_str());
    // A whole zone is no question with one reply.
    if (type == 0 || type == axfr || type == ixfr)
        return std::unexpected("not a type of record, such as A, AAAA, SOA or TYPE65280");
    return type;
}

std::expected<std::uint16_t, std::string> parse_record_class(std::string_view text) {
    if (text == "IN" || text == "in")
        return std::uint16_t{1};
    if (text == "CH" || text == "ch")
        return std::uint16_t{3};
    return std::unexpected("expected one of IN, CH");
}

std::expected<std::uint8_t, std::string> parse_rcode(std::string_view text) {
    constexpr int largest = 15; // without EDNS, RFC 1035 §4.1.1
    const auto module = load_dns();
    if (!module)
        return std::unexpected(module.error());
    const auto code = (*module)->response_code(upper_case(text).c_str());
    if (code < 0 || code > largest)
        return std::unexpected("not a response code, such as NOERROR, NXDOMAIN or REFUSED");
    return static_cast<std::uint8_t>(code);
}

std::expected<std::string, std::string> parse_domain_name(std::string_view text) {
    const auto module = load_dns();
    if (!module)
        return std::unexpected(module.error());
    std::string name(text);
    if (text.empty() || !is_plain(text) || text.contains(' ') || !(*module)->is_name(name.c_str()))
        return std::unexpected("not a domain name, such as example.org or id.server");
    return name;
}

std::string problem_of_answer(const dns_settings& settings) {
    const auto module = load_dns();
    if (settings.expect_answer.empty() || !module) // the name has told of that
        return {};
    if (!is_plain(settings.expect_answer))
        return "expected one line of ASCII";
    http::module_text type;
    if (!(*module)->is_data(settings.record, settings.expect_answer.c_str(), type))
        return fmt::format("not the data of a record of type {}, as in a zone file", type.get());
    return {};
}

} // namespace herald::health
