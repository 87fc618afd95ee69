#pragma once

#include "herald/peering/environment.hpp"

#include <boost/asio/ip/address.hpp>
#include <utility>

namespace herald::peering::test {

/// Interfaces as a test says.
class fixed_links final : public link_facts {
public:
    bgp::interface_addresses beside(const boost::asio::ip::address&) const override {
        return addresses;
    }
    bool on_link(const boost::asio::ip::address&) const override { return is_on_link; }
    std::optional<link_state> link(std::string_view) const override { return one; }
    void on_change(std::function<void()> changed) override { changed_ = std::move(changed); }
    void change(bgp::interface_addresses to) {
        addresses = std::move(to);
        if (changed_)
            changed_();
    }

    bgp::interface_addresses addresses{"lo",
                                       boost::asio::ip::address_v4::loopback(),
                                       boost::asio::ip::address_v6::loopback(),
                                       std::nullopt,
                                       {}};
    bool is_on_link = true;
    std::optional<link_state> one;

private:
    std::function<void()> changed_;
};

/// The system's clock and TCP, on loopback.
inline environment on_loopback(boost::asio::any_io_executor executor) {
    return real_environment(executor, make_time_source(executor), std::make_shared<fixed_links>());
}

} // namespace herald::peering::test
