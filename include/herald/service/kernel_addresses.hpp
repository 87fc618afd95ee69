#pragma once

#include "herald/service/address_table.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

namespace herald::service {

/// The kernel's addresses, followed by rtnetlink(7): what the kernel tells is known in the next
/// turn of the loop. Where it tells more than the socket holds (ENOBUFS), all are asked for again.
class kernel_addresses final : public address_table {
public:
    explicit kernel_addresses(const boost::asio::any_io_executor& executor);
    ~kernel_addresses() override;

    /// Asks for all addresses, and calls `changed` on the executor whenever they may have changed.
    std::expected<void, std::string> open(std::function<void()> changed);
    /// No more calls.
    void close();
    /// The error says why addresses cannot be added: CAP_NET_ADMIN is missing.
    std::expected<void, std::string> may_change();

    presence find(const boost::asio::ip::address& address) const override;
    std::expected<bool, std::string> add(const boost::asio::ip::address& address,
                                         const std::string& interface) override;
    std::expected<void, std::string> remove(const boost::asio::ip::address& address,
                                            const std::string& interface) override;

private:
    struct impl;
    std::shared_ptr<impl> impl_;
};

} // namespace herald::service
