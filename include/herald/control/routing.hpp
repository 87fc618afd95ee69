#pragma once

#include "herald/control/endpoint.hpp"
#include "herald/control/response.hpp"

#include <memory>

namespace herald::control {

/// Finds the endpoint and has it answer. Never throws on what a client sent. `client` lives until
/// the answer is there.
answering answer(request asked, std::shared_ptr<backend> behind, asker& client, audience who,
                 std::optional<std::uint32_t> user);

/// Whether the open listener answers a request to this host. A page of another site reaches it
/// under a name of that site, which its browser sends as the host ("DNS rebinding"). Browsers are
/// answered by addresses, by names without a dot, by localhost and by the names in `own`;
/// everything that is no browser by any name.
bool may_be_asked_for(const request& asked, const std::vector<std::string>& own);

} // namespace herald::control
