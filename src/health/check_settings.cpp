#include "herald/health/check_settings.hpp"

namespace herald::health {

namespace {

struct name_of {
    std::string_view operator()(const exec_settings&) const { return "exec"; }
    std::string_view operator()(const tcp_settings&) const { return "tcp"; }
    std::string_view operator()(const http_settings&) const { return "http"; }
    std::string_view operator()(const dns_settings&) const { return "dns"; }
    std::string_view operator()(const ntp_settings&) const { return "ntp"; }
    std::string_view operator()(const push_settings&) const { return "push"; }
};

} // namespace

std::string_view type_name(const probe_settings& probe) {
    return std::visit(name_of{}, probe);
}

} // namespace herald::health
