#pragma once

#include "herald/health/probe.hpp"

namespace herald::health {

/// Sends one query from a port and with an id of its own, and judges the reply to it.
class dns_probe final : public probe {
public:
    dns_probe(boost::asio::any_io_executor executor, dns_settings settings)
        : executor_(std::move(executor))
        , settings_(std::move(settings)) {}

    std::unique_ptr<probe_run> start(probe_handler done) override;

private:
    boost::asio::any_io_executor executor_;
    dns_settings settings_;
};

} // namespace herald::health
