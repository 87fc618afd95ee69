#include "herald/control/server.hpp"

#include "fixture.hpp"
#include "herald/control/socket_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <future>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace herald::control;
using namespace herald::control::test;

namespace {

using listening = std::expected<void, std::string>;

listening not_listening(std::string line) {
    return std::unexpected(std::move(line));
}

/// A socket file whose owner died: bound, and closed without being removed.
void leave_stale(const std::filesystem::path& path) {
    const int handle = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.native().copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    REQUIRE(::bind(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    ::close(handle);
}

struct bench {
    temporary_directory directory;
    boost::asio::io_context context;
    fake_daemon daemon;
    server served{context.get_executor(), daemon};
    control_settings settings{directory.path() / "control.sock", 0660, {}};

    std::string path() const { return settings.socket.native(); }
    struct stat status() const {
        struct stat found{};
        REQUIRE(::lstat(settings.socket.c_str(), &found) == 0);
        return found;
    }
};

} // namespace

TEST_CASE("listen: the socket file has the mode of the settings, whatever the umask") {
    for (const mode_t mode : {0600U, 0660U, 0666U}) {
        bench here;
        here.settings.mode = mode;
        const auto before = ::umask(0077);
        CHECK(here.served.listen(here.settings) == listening{});
        ::umask(before);
        CHECK((here.status().st_mode & 07777) == mode);
        CHECK(S_ISSOCK(here.status().st_mode));
    }
}

TEST_CASE("listen: the socket file has the group of the settings") {
    bench here;
    const auto* own = ::getgrgid(::getegid());
    REQUIRE(own != nullptr);
    here.settings.group = own->gr_name;
    CHECK(here.served.listen(here.settings) == listening{});
    CHECK(here.status().st_gid == own->gr_gid);
}

TEST_CASE("listen: a group that does not exist is refused, and no file stays") {
    bench here;
    here.settings.group = "no-such-group";
    CHECK(here.served.listen(here.settings) ==
          not_listening(here.path() + ": there is no group \"no-such-group\""));
    CHECK_FALSE(std::filesystem::exists(here.settings.socket));
}

TEST_CASE("listen: a directory that is missing is created") {
    bench here;
    here.settings.socket = here.directory.path() / "run" / "herald" / "control.sock";
    CHECK(here.served.listen(here.settings) == listening{});
    CHECK(S_ISSOCK(here.status().st_mode));
}

TEST_CASE("listen: a socket file that no one answers on is replaced") {
    bench here;
    leave_stale(here.settings.socket);
    CHECK(here.served.listen(here.settings) == listening{});
    client asking{here.settings.socket};
}

TEST_CASE("listen: a socket that another daemon answers on is refused and stays") {
    world other;
    bench here;
    here.settings.socket = other.socket();
    CHECK(here.served.listen(here.settings) ==
          not_listening(other.socket().native() + ": another daemon answers there"));
    CHECK(exchange(other.socket(), get("/v1/neighbors/leaf9"))
              .starts_with("HTTP/1.1 404 Not Found\r\n"));
}

TEST_CASE("listen: another daemon whose backlog is full is refused without waiting for it") {
    bench here;
    const int handle = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    here.path().copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    REQUIRE(::bind(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(handle, 0) == 0);
    client first{here.settings.socket};
    CHECK(here.served.listen(here.settings) ==
          not_listening(here.path() + ": another daemon answers there"));
    ::close(handle);
}

TEST_CASE("listen: a socket that is bound and not yet listened on is not taken for a stale one") {
    bench here;
    socket_file first;
    REQUIRE(first.make_room(here.settings.socket).has_value());
    const int handle = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    here.path().copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    REQUIRE(::bind(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    auto second = std::async(std::launch::async, [&] { return here.served.listen(here.settings); });
    CHECK(second.wait_for(std::chrono::milliseconds(100)) == std::future_status::timeout);
    REQUIRE(::listen(handle, 5) == 0);
    first.done();
    CHECK(second.get() == not_listening(here.path() + ": another daemon answers there"));
    client asking{here.settings.socket};
    ::close(handle);
}

TEST_CASE("listen: a file that is not a socket is refused and stays") {
    bench here;
    std::ofstream(here.settings.socket) << "precious";
    CHECK(here.served.listen(here.settings) ==
          not_listening(here.path() + ": is there and is not a socket"));
    CHECK(std::filesystem::file_size(here.settings.socket) == 8);
}

TEST_CASE("listen: a path longer than a socket's address is refused") {
    bench here;
    here.settings.socket = "/" + std::string(107, 'x');
    CHECK(here.served.listen(here.settings) ==
          not_listening(here.path() + ": a socket's path has 1 to 107 bytes"));
}

TEST_CASE("listen: no child process inherits the socket") {
    bench here;
    CHECK(here.served.listen(here.settings) == listening{});
    int sockets = 0;
    for (int handle = 3; handle < 64; ++handle) {
        int listens = 0;
        socklen_t size = sizeof listens;
        if (::getsockopt(handle, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0)
            continue;
        ++sockets;
        CHECK((::fcntl(handle, F_GETFD) & FD_CLOEXEC) != 0);
    }
    CHECK(sockets == 1);
}

TEST_CASE("stop: the socket file is removed") {
    bench here;
    CHECK(here.served.listen(here.settings) == listening{});
    here.served.stop();
    CHECK_FALSE(std::filesystem::exists(here.settings.socket));
}

TEST_CASE("stop: a socket file that is another's by now stays") {
    bench here;
    CHECK(here.served.listen(here.settings) == listening{});
    std::filesystem::rename(here.settings.socket, here.directory.path() / "moved");
    leave_stale(here.settings.socket);
    here.served.stop();
    CHECK(std::filesystem::exists(here.settings.socket));
}
