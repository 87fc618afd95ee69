#pragma once

#include "herald/health/probe.hpp"

namespace herald::health {

/// Connects to each address of the host in turn until one answers, sends, and waits for the
/// expected octets in the first 64 KiB that come back.
class tcp_probe final : public probe {
public:
    tcp_probe(boost::asio::any_io_executor executor, tcp_settings settings)
        : executor_(std::move(executor))
        , settings_(std::move(settings)) {}

    std::unique_ptr<probe_run> start(probe_handler done) override;

private:
    boost::asio::any_io_executor executor_;
    tcp_settings settings_;
};

} // namespace herald::health
