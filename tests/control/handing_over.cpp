// A server whose sockets go to another program, or stay after all.
#include "fixture.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>

using namespace herald::control;
using namespace herald::control::test;
using namespace std::chrono_literals;

namespace {

bool is_answered(std::string_view reply) {
    return reply.starts_with("HTTP/1.1 200 OK\r\n");
}

} // namespace

TEST_CASE("server: who connects while it is paused waits, and is answered once it goes on") {
    world here;
    here.on_loop([&] { here.served->pause(); });
    client waiting(here.socket());
    CHECK(waiting.send(get("/livez")));
    CHECK(here.comes_true([&] { return here.served->idle(); }));
    here.on_loop([&] { here.served->resume(); });
    CHECK(is_answered(waiting.reply()));
    CHECK(is_answered(exchange(here.socket(), get("/livez"))));
}

TEST_CASE("server: paused and resumed in one turn, it takes clients as before") {
    world here;
    here.on_loop([&] {
        here.served->pause();
        here.served->resume();
    });
    CHECK(is_answered(exchange(here.socket(), get("/livez"))));
    CHECK(is_answered(exchange(here.socket(), get("/livez"))));
}

TEST_CASE("server: it is not idle while somebody waits for an answer") {
    world here;
    here.on_loop([&] { here.daemon.answer_later = true; });
    client asking(here.socket());
    CHECK(asking.send(post("/v1/services/web/drain", "{}")));
    CHECK(here.comes_true([&] { return here.daemon.replies.size() == 1; }));
    CHECK_FALSE(here.on_loop([&] { return here.served->idle(); }));
    here.on_loop([&] { here.daemon.replies.front()({}); });
    CHECK(is_answered(asking.reply()));
    CHECK(here.comes_true([&] { return here.served->idle(); }));
}

TEST_CASE("server: another one goes on with its sockets, and with the client that waits there") {
    world here;
    here.on_loop([&] { here.served->pause(); });
    client waiting(here.socket());
    CHECK(waiting.send(get("/livez")));
    auto left = here.on_loop([&] { return here.served->sockets(); });
    CHECK(left.path == here.socket());
    left.operators = ::fcntl(left.operators, F_DUPFD_CLOEXEC, 3);

    boost::asio::io_context context;
    fake_daemon daemon;
    server heir(context.get_executor(), daemon);
    heir.inherit(left);
    REQUIRE(heir.listen({.socket = here.socket(), .mode = 0600, .group = {}}));
    CHECK((std::filesystem::status(here.socket()).permissions() & std::filesystem::perms::all) ==
          std::filesystem::perms(0600));
    heir.drop_inherited();
    std::thread loop([&] { context.run_for(20s); });
    CHECK(is_answered(waiting.reply()));
    context.stop();
    loop.join();
}

TEST_CASE("server: where it is to listen elsewhere, the socket that was left and its file go") {
    const temporary_directory directory;
    world here;
    auto left = here.on_loop([&] { return here.served->sockets(); });
    left.operators = ::fcntl(left.operators, F_DUPFD_CLOEXEC, 3);
    boost::asio::io_context context;
    fake_daemon daemon;
    server heir(context.get_executor(), daemon);
    heir.inherit(left);
    REQUIRE(heir.listen({.socket = directory.path() / "other.sock", .mode = 0600, .group = {}}));
    heir.drop_inherited();
    CHECK_FALSE(std::filesystem::exists(here.socket()));
    CHECK(::fcntl(left.operators, F_GETFD) < 0);
    CHECK(std::filesystem::is_socket(directory.path() / "other.sock"));
}
