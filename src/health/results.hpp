#pragma once

#include "herald/health/probes.hpp"
#include "herald/http/resolver.hpp"

#include <cstddef>
#include <string>

namespace herald::health {

/// The most that is searched for what is expected.
inline constexpr std::size_t search_limit = 65536;

probe_result passed(const std::string& output = {});
probe_result failed(const std::string& output);
probe_result could_not_run(const std::string& output);

/// The addresses of a host, which may be one. If there are none, `failure` says why.
boost::asio::awaitable<http::addresses> resolve(std::string host, run_state& state,
                                                probe_result& failure);

} // namespace herald::health
