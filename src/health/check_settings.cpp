#include "herald/health/check_settings.hpp"

namespace herald::health {

namespace {

struct name_of {
    std::string_view operator()(const exec_settings&) const { return "exec"; }
    std::string_view operator()(const tcp_settings&) const { return "tcp"; }
};

} // namespace

std::string_view type_name(const probe_settings& probe) {
    return std::visit(name_of{}, probe);
}

} // namespace herald::health
