#pragma once

#include "herald/service/address_table.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

namespace herald::service {

/// The kernel's addresses, followed by rtnetlink(7): what the kernel tells is known in the next
/// turn of the loop. If it tells more than the socket holds (ENOBUFS), all are asked for again.
/// The kernel is asked on a thread of its own: another program may hold its lock for seconds.
class kernel_addresses final : public address_table {
public:
    explicit kernel_addresses(const boost::asio::any_io_executor& executor);
    ~kernel_addresses() override;

    /// Asks for all addresses, and calls `changed` on the executor whenever they may have changed.
    /// Blocks: while starting. After an error it can be tried again.
    std::expected<void, std::string> open(std::function<void()> changed);
    bool is_open() const;
    /// No more calls of `changed`.
    void close();
    /// The error says why addresses cannot be added: CAP_NET_ADMIN is missing.
    static std::expected<void, std::string> may_change();
    /// Blocks until the kernel has done what it was asked for: while starting.
    void finish();

    presence find(const boost::asio::ip::address& address) const override;
    std::vector<address_place> places(const boost::asio::ip::address& address) const override;
    void add(const boost::asio::ip::address& address, const std::string& interface,
             added_handler done) override;
    void remove(const boost::asio::ip::address& address, const std::string& interface,
                removed_handler done) override;

private:
    struct impl;
    std::shared_ptr<impl> impl_;
};

} // namespace herald::service
