#pragma once

#include "herald/peering/link_tracker.hpp"

#include <boost/system/error_code.hpp>
#include <cstdint>
#include <expected>

namespace herald::peering {

/// A socket to the kernel's rtnetlink(7).
class link_socket {
public:
    using error_code = boost::system::error_code;

    /// One that is told of every change, and whose receive() does not wait.
    static std::expected<link_socket, error_code> open_for_changes();
    link_socket(link_socket&& other) noexcept;
    link_socket& operator=(link_socket&& other) noexcept;
    ~link_socket();

    int native() const { return descriptor_; }
    /// The next datagram. `no_buffer_space`: there were more than the socket holds, and some are
    /// lost; `would_block`: there is none.
    std::expected<link_report, error_code> receive();

    /// Asks the kernel for all interfaces and addresses. Blocks, for as long as another program
    /// holds the kernel's lock of the network's settings.
    static link_list list_all();

private:
    explicit link_socket(int descriptor) : descriptor_(descriptor) {}
    static std::expected<link_socket, error_code> open(int flags, std::uint32_t groups);
    error_code ask_for_all(std::uint16_t type) const;
    link_list list(std::uint16_t type);
    link_list list_once(std::uint16_t type);

    int descriptor_; // -1: none
};

} // namespace herald::peering
