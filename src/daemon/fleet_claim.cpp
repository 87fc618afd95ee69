#include "herald/daemon/fleet_claim.hpp"

#include "herald/daemon/fleet_view.hpp"

#include <algorithm>
#include <utility>

namespace herald::daemon {

fleet_claim::fleet_claim(claim_office& office, std::weak_ptr<const bool> is_open,
                         std::vector<std::string> services, fleet::need::drain what, outcome tell)
    : office_(office)
    , is_open_(std::move(is_open))
    , services_(std::move(services))
    , what_(std::move(what))
    , tell_(std::move(tell)) {
    std::ranges::sort(services_);
}

fleet_claim::~fleet_claim() {
    if (is_open_.expired())
        return;
    for (std::size_t i = 0; i < std::min(asked_ + 1, services_.size()); ++i)
        office_.want(services_[i], std::nullopt);
}

void fleet_claim::look_at(const std::string& service) {
    if (asked_ < services_.size() && services_[asked_] == service)
        go_on();
}

/// What the office does may lead back here.
void fleet_claim::go_on() {
    if (tell_ == nullptr || std::exchange(going_on_, true))
        return;
    while (asked_ < services_.size()) {
        const auto& service = services_[asked_];
        office_.want(service, what_);
        const auto* guard = office_.guard_of(service);
        if (guard == nullptr || guard->permitted()) {
            ++asked_;
            continue;
        }
        going_on_ = false;
        if (guard->refused() && !what_.queue)
            end(std::unexpected(
                denied{service, in_words(*guard->refused()), guard->refused()->store_lost}));
        return;
    }
    going_on_ = false;
    end({});
}

void fleet_claim::end(std::expected<void, denied> how) {
    if (const auto tell = std::exchange(tell_, nullptr))
        tell(std::move(how));
}

} // namespace herald::daemon
