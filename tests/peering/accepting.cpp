// Who is accepted, and with which keys: over loopback, for the kernel has a say in it.
#include "herald/peering/speaker.hpp"
#include "tests/peering/peering_support.hpp"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <set>
#include <sys/stat.h>

using namespace herald;
using namespace herald::peering;
using namespace herald::peering::test;

namespace {

using lines = std::vector<std::string>;

const auto loopback = asio::ip::make_address("127.0.0.1");

std::uint16_t free_port(asio::io_context& context, const asio::ip::address& address) {
    const tcp::acceptor place(context, tcp::endpoint(address, 0));
    return place.local_endpoint().port();
}

neighbor_settings passive_at(const asio::ip::address& address, std::string password = {}) {
    auto settings = settings_towards(179);
    settings.name = address.to_string();
    settings.address = address;
    settings.passive = true;
    settings.password = std::move(password);
    return settings;
}
neighbor_settings passive_at(const char* address, std::string password = {}) {
    return passive_at(asio::ip::make_address(address), std::move(password));
}

/// A router's connection from one of this machine's addresses.
struct incoming {
    asio::io_context& context;
    tcp::socket socket{context};

    /// Whether it comes to be; with a password, every segment is signed.
    bool connect(const asio::ip::address& from, const tcp::endpoint& to,
                 std::string_view password = {}, std::chrono::milliseconds bound = 5s) {
        socket.open(to.protocol());
        if (!password.empty())
            REQUIRE_FALSE(net::set_md5_key(socket.native_handle(), to.address(), password));
        socket.bind(tcp::endpoint(from, 0));
        bool done = false, connected = false;
        socket.async_connect(to, [&](error_code failed) {
            done = true;
            connected = !failed;
        });
        if (run_until(context, [&] { return done; }, bound))
            return connected;
        socket.close();
        run_until(context, [&] { return done; });
        return false;
    }
};

/// Whether a SYN that is not answered in this time will be answered at all: on loopback.
constexpr auto unanswered = 300ms;

struct speaking {
    asio::io_context context;
    listen_settings listen{{loopback}, free_port(context, loopback)};
    recorder seen;
    speaker under_test;

    explicit speaking(std::vector<neighbor_settings> neighbors)
        : under_test(on_loopback(context.get_executor()), listen, std::move(neighbors), seen) {
        REQUIRE(under_test.start());
    }
    tcp::endpoint endpoint() const { return {loopback, listen.port}; }
};

/// More keys than the kernel has room for on one socket: each takes at least the 80 octets of a
/// longest password, and what belongs to it.
std::vector<neighbor_settings> too_many_keys() {
    std::ifstream limit("/proc/sys/net/core/optmem_max");
    std::size_t octets = 0;
    limit >> octets;
    std::vector<neighbor_settings> all;
    for (std::uint32_t i = 0; i < octets / 96 + 2; ++i)
        all.push_back(passive_at(asio::ip::address_v4(0x7F010001 + i), "key"));
    return all;
}

} // namespace

TEST_CASE("speaker: an accepted connection is its neighbor's, and a stranger's is closed") {
    speaking s({passive_at("127.0.0.2"), passive_at("127.0.0.3")});
    incoming stranger{s.context};
    REQUIRE(stranger.connect(asio::ip::make_address("127.0.0.4"), s.endpoint()));
    CHECK(raw_peer(s.context, std::move(stranger.socket)).closed());
    incoming router{s.context};
    REQUIRE(router.connect(asio::ip::make_address("127.0.0.3"), s.endpoint()));
    raw_peer peer(s.context, std::move(router.socket));
    peer.establish();
    CHECK(run_until(s.context, [&] { return s.under_test.find("127.0.0.3")->established(); }));
    CHECK(s.under_test.find("127.0.0.2")->state() == bgp::session_state::active);
}

TEST_CASE("speaker: a key that the kernel has no room for is told at once, of its neighbor alone") {
    const auto all = too_many_keys();
    REQUIRE(all.size() < 20000); // more would take long
    speaking s(all);
    const auto& neighbors = s.under_test.neighbors();
    const auto problem = fmt::format(
        "sessions that it opens cannot be accepted on 127.0.0.1 port {}: the TCP MD5 key could not "
        "be set: Cannot allocate memory (net.core.optmem_max bounds the keys of a socket)",
        s.listen.port);
    CHECK(neighbors.front()->problems() == lines{});
    CHECK(neighbors.back()->problems() == lines{problem});
    const auto without =
        std::ranges::count_if(neighbors, [](const auto& one) { return !one->problems().empty(); });
    CHECK(std::ranges::count(s.seen.lines, problem) == without);
    // A session without signatures is not a way around it.
    incoming unsigned_one{s.context};
    REQUIRE(unsigned_one.connect(all.back().address, s.endpoint()));
    CHECK(raw_peer(s.context, std::move(unsigned_one.socket)).closed());
    CHECK(neighbors.back()->state() == bgp::session_state::active);

    // The same again is not told again; with room it is mended.
    s.seen.lines.clear();
    REQUIRE(s.under_test.change(s.listen, all));
    CHECK(s.seen.lines == lines{});
    CHECK(neighbors.back()->problems() == lines{problem});
    REQUIRE(s.under_test.change(s.listen, {all.back(), all.front()}));
    CHECK(s.under_test.find(all.back().name)->problems() == lines{});
    incoming router{s.context};
    REQUIRE(router.connect(all.back().address, s.endpoint(), "key"));
    raw_peer peer(s.context, std::move(router.socket));
    peer.establish();
    CHECK(run_until(s.context, [&] { return s.under_test.find(all.back().name)->established(); }));
}

TEST_CASE("speaker: a change sets keys, replaces them and takes them away, RFC 2385") {
    const auto host = asio::ip::make_address("127.0.0.2");
    speaking s({passive_at(host)});
    const auto connects = [&](std::string_view password) {
        return incoming{s.context}.connect(host, s.endpoint(), password, unanswered);
    };
    CHECK(connects(""));
    REQUIRE(s.under_test.change(s.listen, {passive_at(host, "first")}));
    CHECK_FALSE(connects(""));
    CHECK(connects("first"));
    REQUIRE(s.under_test.change(s.listen, {passive_at(host, "second")}));
    CHECK_FALSE(connects("first"));
    CHECK(connects("second"));
    REQUIRE(s.under_test.change(s.listen, {}));
    CHECK(connects("")); // a stranger's, which is closed
    REQUIRE(s.under_test.change(s.listen, {passive_at(host, "third")}));
    CHECK(connects("third"));
}

TEST_CASE("listener: the key of an address stays while one neighbor there is on another link") {
    asio::io_context context;
    const auto on_link = [](asio::ip::scope_id_type link) {
        return passive_at(asio::ip::address_v6(asio::ip::address_v6::loopback().to_bytes(), link),
                          "key");
    };
    const asio::ip::address here = asio::ip::address_v6::loopback();
    const auto listening =
        std::make_shared<listener>(context.get_executor(), [](const listener&, tcp::socket) {});
    const auto port = free_port(context, here);
    const auto connects = [&](std::string_view password) {
        return incoming{context}.connect(here, {here, port}, password, unanswered);
    };
    REQUIRE(listening->listen(here, port, {on_link(7), on_link(8)}));
    CHECK_FALSE(listening->key_error(on_link(7)));
    CHECK(connects("key"));
    listening->change_keys({on_link(8)});
    CHECK(connects("key"));
    CHECK_FALSE(connects(""));
    listening->change_keys({});
    CHECK(connects(""));
    listening->stop();
}

TEST_CASE("speaker: no program that is started inherits a socket: each is close-on-exec") {
    const auto left_open = [] {
        std::set<std::string> all;
        for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
            const int fd = std::stoi(entry.path().filename());
            struct stat found{};
            if (::fstat(fd, &found) == 0 && S_ISSOCK(found.st_mode) &&
                (::fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0)
                all.insert(entry.path().filename());
        }
        return all;
    };
    const auto before = left_open();
    asio::io_context context;
    tcp::acceptor router(context, tcp::endpoint(loopback, 0));
    auto dialled = settings_towards(router.local_endpoint().port());
    const listen_settings listen{{loopback}, free_port(context, loopback)};
    recorder seen;
    speaker under_test(on_loopback(context.get_executor()), listen,
                       {dialled, passive_at("127.0.0.2")}, seen);
    REQUIRE(under_test.start());
    const auto answered = [&] {
        return std::ranges::all_of(under_test.neighbors(), [](const auto& one) {
            return one->state() == bgp::session_state::open_sent;
        });
    };
    incoming accepted{context};
    REQUIRE(accepted.connect(asio::ip::make_address("127.0.0.2"), {loopback, listen.port}));
    REQUIRE(run_until(context, answered));
    // This test's own aside.
    for (const auto fd : {router.native_handle(), accepted.socket.native_handle()})
        REQUIRE_FALSE(net::set_close_on_exec(fd));
    CHECK(left_open() == before);
}
