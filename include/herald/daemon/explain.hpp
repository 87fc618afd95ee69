#pragma once

#include "herald/control/answers.hpp"
#include "herald/daemon/managed_service.hpp"
#include "herald/peering/speaker.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace herald::daemon {

/// Why neighbors hear a prefix as they do. `text` is a prefix that a service has, or a prefix or an
/// address inside one; none where no service has it. What a neighbor has is read back from what it
/// was sent.
std::optional<control::explain_view>
explain(const std::string& text, const std::vector<std::unique_ptr<managed_service>>& services,
        const peering::speaker& speaker);

} // namespace herald::daemon
