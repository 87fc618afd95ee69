#include "herald/health/dns_message.hpp"

#include "dns_module.hpp"
#include "herald/health/last_line.hpp"

#include <array>
#include <cstddef>

namespace herald::health {

namespace {

dns_question question_of(const dns_settings& settings, std::uint16_t id) {
    return {settings.name.c_str(), settings.record, settings.record_class, id};
}

} // namespace

std::expected<const dns_interface*, std::string> load_dns() {
    return http::loaded_module<dns_interface>("herald-dns.so");
}

std::vector<std::uint8_t> dns_query(const dns_settings& settings, std::uint16_t id) {
    std::array<std::uint8_t, 512> octets{}; // a header and a name fit, RFC 1035 §2.3.4
    const auto module = load_dns();
    const auto size =
        module ? (*module)->query(question_of(settings, id), octets.data(), octets.size()) : 0;
    return {octets.data(), octets.data() + size};
}

std::expected<probe_result, dns_misfit> judge_dns_reply(const dns_settings& settings,
                                                        std::uint16_t id,
                                                        std::span<const std::uint8_t> message) {
    const auto module = load_dns();
    if (!module)
        return std::unexpected(dns_misfit::unrelated);
    bool passed = false;
    http::module_text text;
    switch ((*module)->judge(question_of(settings, id),
                             {settings.expect_rcode, settings.expect_answer.c_str()},
                             message.data(), message.size(), passed, text)) {
    case dns_relation::unrelated: return std::unexpected(dns_misfit::unrelated);
    case dns_relation::truncated: return std::unexpected(dns_misfit::truncated);
    case dns_relation::answers: break;
    }
    probe_result result;
    result.outcome = passed ? verdict::pass : verdict::fail;
    result.output = printable(text.get());
    return result;
}

} // namespace herald::health
