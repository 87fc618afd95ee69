#include "herald/health/probe.hpp"

#include "herald/health/dns_probe.hpp"
#include "herald/health/exec_probe.hpp"
#include "herald/health/http_probe.hpp"
#include "herald/health/ntp_probe.hpp"
#include "herald/health/tcp_probe.hpp"

namespace herald::health {

namespace {

struct maker {
    boost::asio::any_io_executor executor;

    std::unique_ptr<probe> operator()(const exec_settings& settings) const {
        return std::make_unique<exec_probe>(executor, settings);
    }
    std::unique_ptr<probe> operator()(const tcp_settings& settings) const {
        return std::make_unique<tcp_probe>(executor, settings);
    }
    std::unique_ptr<probe> operator()(const http_settings& settings) const {
        return std::make_unique<http_probe>(executor, settings);
    }
    std::unique_ptr<probe> operator()(const dns_settings& settings) const {
        return std::make_unique<dns_probe>(executor, settings);
    }
    std::unique_ptr<probe> operator()(const ntp_settings& settings) const {
        return std::make_unique<ntp_probe>(executor, settings);
    }
    std::unique_ptr<probe> operator()(const push_settings&) const { return nullptr; }
};

} // namespace

std::unique_ptr<probe> make_probe(boost::asio::any_io_executor executor,
                                  const probe_settings& settings) {
    return std::visit(maker{std::move(executor)}, settings);
}

} // namespace herald::health
