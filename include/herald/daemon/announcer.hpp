#pragma once

#include "herald/bgp/audience.hpp"
#include "herald/bgp/export_settings.hpp"
#include "herald/daemon/managed_services.hpp"
#include "herald/peering/speaker.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace herald::daemon {

/// Whether this neighbor is to hear that service.
bool hears(const peering::neighbor_settings& neighbor, const service::service_settings& service);

/// Tells neighbors what they are to hear of services. What changes in one turn of the loop is sent
/// once, at its end, so that services that fail together share UPDATEs; what is to be logged,
/// counted and shown of it comes after that. Desired state: saying it twice changes nothing.
class announcer {
public:
    /// How what was due was sent.
    struct sending {
        bool any_update = false;
        std::chrono::steady_clock::time_point at; // when it was handed to TCP
    };
    using telling = std::function<void(const sending&)>;

    announcer(boost::asio::any_io_executor executor, const managed_services& services,
              peering::speaker& speaker);

    /// Tells every neighbor what it is to hear. From now on End-of-RIB goes to neighbors whose
    /// services have all settled, and within a minute to all: RFC 4724 §2 does not let it be held
    /// back for ever.
    void start();
    /// What was due is sent, and nothing after it.
    void stop();

    /// Neighbors hear of this service at the end of the turn.
    void changed(const std::string& service);
    /// Calls `tell` at the end of the turn, once what is due was sent; in order.
    void afterwards(telling tell);
    /// Sends what is due now: before anybody looks at what neighbors were sent.
    void send();
    /// Whether nothing is due.
    bool idle() const { return due_.empty() && tellings_.empty(); }
    /// Services or neighbors are others than before: tells every neighbor all that it is to hear,
    /// and nothing else.
    void announce_all();

private:
    void at_the_end_of_the_turn();
    /// Neighbors with the same policy that hear the same services.
    struct listeners {
        bgp::export_settings policy;
        std::vector<std::string> services;
        std::shared_ptr<bgp::audience> audience;
    };

    void announce(const std::set<std::string>& names);
    const listeners& listeners_like(const peering::neighbor& neighbor,
                                    std::vector<listeners>& among) const;
    void complete_settled(bool regardless);
    void limit_waiting();
    std::uint64_t updates_sent() const;

    boost::asio::any_io_executor executor_;
    const managed_services& services_;
    peering::speaker& speaker_;
    std::vector<listeners> listeners_;
    std::set<std::string> due_; // services
    std::vector<telling> tellings_;
    bool turn_ends_ = false; // send() comes
    bool stopped_ = false;
    boost::asio::steady_timer limit_;
    bool limit_runs_ = false;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

} // namespace herald::daemon
