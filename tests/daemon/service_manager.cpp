#include "herald/daemon/service_manager.hpp"

#include "tests/support/temporary_directory.hpp"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <cstdlib>
#include <doctest/doctest.h>
#include <string>

using herald::daemon::notify_service_manager;
using herald::test::temporary_directory;
using socket_type = boost::asio::local::datagram_protocol::socket;
using endpoint = boost::asio::local::datagram_protocol::endpoint;

namespace {

/// A service manager at this address, named in the environment as long as it lives.
struct manager {
    boost::asio::io_context context;
    socket_type socket;

    manager(const std::string& address, const std::string& name) : socket(context) {
        socket.open();
        socket.bind(endpoint(address));
        ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    }
    ~manager() { ::unsetenv("NOTIFY_SOCKET"); }

    std::string receive() {
        std::array<char, 256> buffer{};
        return {buffer.data(), socket.receive(boost::asio::buffer(buffer))};
    }
};

} // namespace

TEST_CASE("notify_service_manager: one datagram, to a path or an abstract name, sd_notify(3)") {
    const temporary_directory directory;
    const auto path = (directory.path() / "notify").string();
    {
        manager here(path, path);
        notify_service_manager("READY=1");
        CHECK(here.receive() == "READY=1");
    }
    const auto name = "herald-test-" + directory.path().filename().string();
    manager here(std::string(1, '\0') + name, "@" + name);
    notify_service_manager("STOPPING=1");
    CHECK(here.receive() == "STOPPING=1");
}

TEST_CASE("notify_service_manager: a manager that does not read is not waited for") {
    const temporary_directory directory;
    const auto path = (directory.path() / "notify").string();
    const manager here(path, path);
    for (int i = 0; i < 10'000; ++i) // far more than a socket holds
        notify_service_manager("WATCHDOG=1");
}

TEST_CASE(
    "notify_service_manager: without a manager, or with one that cannot be, nothing happens") {
    notify_service_manager("READY=1");
    for (const auto* name : {"", "@", "/nowhere/at/all", "vsock:2:1234", "relative"}) {
        ::setenv("NOTIFY_SOCKET", name, 1);
        notify_service_manager("READY=1");
    }
    ::unsetenv("NOTIFY_SOCKET");
}
