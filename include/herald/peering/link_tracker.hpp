#pragma once

#include "herald/peering/link_table.hpp"

#include <boost/system/errc.hpp>
#include <boost/system/error_code.hpp>
#include <expected>
#include <vector>

namespace herald::peering {

/// All interfaces and addresses, as the kernel lists them.
using link_list = std::expected<std::vector<link_message>, boost::system::error_code>;

/// Keeps a table true to a kernel that tells what changes, but not always all of it. Pure. What may
/// change the table returns whether beside() may answer otherwise now.
class link_tracker {
public:
    bool told(const link_report& report);
    /// Something was told and not heard.
    void lost() { complete_ = false; }

    /// Whether to ask for all: some is not known, and nobody is asking.
    bool must_ask() const { return !complete_ && !asking_; }
    /// What is told from now on may be older or newer than the answer.
    void asking();
    bool answered(const link_list& all);
    /// The kernel could not even be asked.
    bool unanswered(boost::system::error_code why);

    bool exclude(std::set<boost::asio::ip::address> addresses);
    bgp::interface_addresses beside(const boost::asio::ip::address& local) const;
    bool on_link(const boost::asio::ip::address& address) const { return table_.on_link(address); }
    std::optional<link_state> link(std::string_view name) const { return table_.link(name); }

private:
    link_table table_;
    bool complete_ = false; // nothing was lost since it was asked for
    bool asking_ = false;
    std::vector<link_message> meanwhile_; // told while asking
    /// Why the table has never been filled; none: it has.
    boost::system::error_code unread_ = make_error_code(boost::system::errc::operation_in_progress);
};

} // namespace herald::peering
