#pragma once

#include "herald/health/probe.hpp"

namespace herald::health {

/// Sends one HTTP/1.1 request on a connection of its own, over TLS where the URL says so, and
/// judges the status and, where that is asked for, the first 64 KiB of the content.
class http_probe final : public probe {
public:
    http_probe(boost::asio::any_io_executor executor, http_settings settings);
    ~http_probe() override;

    std::unique_ptr<probe_run> start(probe_handler done) override;

private:
    struct shared;
    class exchange;

    boost::asio::any_io_executor executor_;
    std::shared_ptr<shared> shared_; // with the runs, which may outlive this for a moment
};

} // namespace herald::health
