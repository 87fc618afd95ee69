#pragma once

#include "herald/health/dns_settings.hpp"
#include "herald/health/probe_result.hpp"

#include <cstdint>
#include <expected>
#include <span>
#include <vector>

namespace herald::health {

/// A query as it goes over UDP; over TCP its length goes before it. RFC 1035 §4. Empty where the
/// name cannot be asked for.
std::vector<std::uint8_t> dns_query(const dns_settings& settings, std::uint16_t id);

/// What is no verdict on the reply.
enum class dns_misfit : std::uint8_t {
    unrelated, // it answers another question, or nothing at all
    truncated, // TC is set: ask again over TCP, RFC 1035 §4.2.1
};

/// What a message says that came for the query with that id.
std::expected<probe_result, dns_misfit> judge_dns_reply(const dns_settings& settings,
                                                        std::uint16_t id,
                                                        std::span<const std::uint8_t> message);

} // namespace herald::health
