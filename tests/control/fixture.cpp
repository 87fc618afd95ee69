#include "fixture.hpp"

#include <array>
#include <cstdlib>
#include <cstring>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace herald::control::test {

namespace {

bool wait_until_ready(int handle, short events) {
    pollfd ready{handle, events, 0};
    return ::poll(&ready, 1, 20000) == 1;
}

} // namespace

world::world(const limits& bounds)
    : served(std::make_unique<server>(context_.get_executor(), daemon, bounds))
    , work_(boost::asio::make_work_guard(context_)) {
    const auto listening = served->listen({.socket = socket(), .mode = 0660, .group = {}});
    REQUIRE_MESSAGE(listening.has_value(), listening.error());
    loop_ = std::thread([this] { context_.run(); });
}

world::~world() {
    on_loop([this] { served.reset(); });
    work_.reset();
    loop_.join();
}

std::uint16_t world::listen_for_everyone() {
    return on_loop([this] {
        const auto where =
            served->listen_for_everyone({{{boost::asio::ip::address_v4::loopback(), 0}}});
        REQUIRE_MESSAGE(where.has_value(), where.error());
        return where->value().port();
    });
}

void world::change(const std::function<void(status_view&)>& edit) {
    on_loop([&] {
        edit(daemon.shown);
        served->changed();
    });
}

client::client(const std::filesystem::path& socket)
    : handle_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(static_cast<char*>(address.sun_path), socket.c_str(), sizeof address.sun_path - 1);
    const auto connected =
        ::connect(handle_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    REQUIRE_MESSAGE(connected == 0, std::strerror(errno));
}

client::client(std::uint16_t port) : handle_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const auto connected =
        ::connect(handle_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    REQUIRE_MESSAGE(connected == 0, std::strerror(errno));
}

client::~client() {
    ::close(handle_);
}

bool client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        if (!wait_until_ready(handle_, POLLOUT))
            return false;
        const auto sent = ::send(handle_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

void client::finish_sending() {
    ::shutdown(handle_, SHUT_WR);
}

std::string client::reply(bool head) {
    while (true) {
        const auto header = received_.find("\r\n\r\n");
        if (header != std::string::npos) {
            constexpr std::string_view field = "Content-Length: ";
            const auto at = received_.find(field);
            const auto length =
                at < header ? std::strtoul(&received_[at + field.size()], nullptr, 10) : 0UL;
            const auto whole = header + 4 + (head ? 0 : length);
            if (received_.size() >= whole) {
                auto first = received_.substr(0, whole);
                received_.erase(0, whole);
                return first;
            }
        }
        std::array<char, 65536> more{};
        if (!wait_until_ready(handle_, POLLIN))
            return std::exchange(received_, {}) + "…timed out";
        const auto size = ::recv(handle_, more.data(), more.size(), 0);
        if (size <= 0)
            return std::exchange(received_, {}) + "…closed";
        received_.append(more.data(), static_cast<std::size_t>(size));
    }
}

std::string client::until(std::string_view end) {
    std::array<char, 65536> more{};
    while (!received_.ends_with(end)) {
        if (!wait_until_ready(handle_, POLLIN))
            return std::exchange(received_, {}) + "…timed out";
        const auto size = ::recv(handle_, more.data(), more.size(), 0);
        if (size <= 0)
            return std::exchange(received_, {}) + "…closed";
        received_.append(more.data(), static_cast<std::size_t>(size));
    }
    return std::exchange(received_, {});
}

std::string client::rest() {
    std::array<char, 65536> more{};
    while (true) {
        if (!wait_until_ready(handle_, POLLIN))
            return std::exchange(received_, {}) + "…timed out";
        const auto size = ::recv(handle_, more.data(), more.size(), 0);
        if (size <= 0)
            return std::exchange(received_, {});
        received_.append(more.data(), static_cast<std::size_t>(size));
    }
}

std::string exchange(const std::filesystem::path& socket, std::string_view request) {
    client asking{socket};
    asking.send(request); // one that is refused may be before it has sent
    return asking.reply();
}

std::string get(std::string_view target) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: herald\r\n\r\n", target);
}

std::string post(std::string_view target, std::string_view body) {
    return fmt::format("POST {} HTTP/1.1\r\nHost: herald\r\nContent-Length: {}\r\n\r\n{}", target,
                       body.size(), body);
}

std::string answer(std::string_view status, std::string_view type, std::string_view body,
                   std::string_view more) {
    return fmt::format("HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}\r\n{}", status,
                       type, body.size(), more, body);
}

std::string problem_answer(std::string_view status, std::string_view body, std::string_view more) {
    return answer(status, "application/problem+json", body, more);
}

namespace {

std::string read_all(int handle) {
    std::string text;
    std::array<char, 4096> more{};
    while (wait_until_ready(handle, POLLIN)) {
        const auto size = ::read(handle, more.data(), more.size());
        if (size <= 0)
            return text;
        text.append(more.data(), static_cast<std::size_t>(size));
    }
    return text + "…timed out";
}

[[noreturn]] void become(const std::vector<std::string>& arguments,
                         const std::vector<std::string>& environment, int out, int err) {
    std::vector<char*> values;
    for (const auto& each : arguments)
        values.push_back(const_cast<char*>(each.c_str()));
    values.push_back(nullptr);
    std::vector<char*> variables;
    for (const auto& each : environment)
        variables.push_back(const_cast<char*>(each.c_str()));
    variables.push_back(nullptr);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    ::execve(values[0], values.data(), variables.data());
    ::_exit(127);
}

} // namespace

ran heraldctl(const std::vector<std::string>& arguments,
              const std::vector<std::string>& environment) {
    const auto program =
        std::filesystem::read_symlink("/proc/self/exe").parent_path() / "heraldctl";
    REQUIRE_MESSAGE(std::filesystem::exists(program), program.native());
    auto values = arguments;
    values.insert(values.begin(), program.native());
    std::array<int, 2> out{};
    std::array<int, 2> err{};
    REQUIRE(::pipe2(out.data(), O_CLOEXEC) == 0);
    REQUIRE(::pipe2(err.data(), O_CLOEXEC) == 0);
    const auto child = ::fork();
    if (child == 0)
        become(values, environment, out[1], err[1]);
    ::close(out[1]);
    ::close(err[1]);
    ran result;
    result.out = read_all(out[0]);
    result.err = read_all(err[0]);
    ::close(out[0]);
    ::close(err[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return result;
}

} // namespace herald::control::test
