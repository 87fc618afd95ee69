#pragma once

#include "herald/health/probe.hpp"

namespace herald::health {

/// Asks an NTP server for the time, and judges whether it is fit to give it.
class ntp_probe final : public probe {
public:
    ntp_probe(boost::asio::any_io_executor executor, ntp_settings settings)
        : executor_(std::move(executor))
        , settings_(std::move(settings)) {}

    std::unique_ptr<probe_run> start(probe_handler done) override;

private:
    boost::asio::any_io_executor executor_;
    ntp_settings settings_;
};

} // namespace herald::health
