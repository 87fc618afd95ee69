// BFD that goes on in another program: here in the same one, over the same sockets.
#include "tests/peering/bfd_support.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <memory>
#include <unistd.h>

using namespace herald;
using namespace herald::peering;
using namespace herald::peering::test;
using namespace std::chrono_literals;
using bfd::session_state;
using boost::asio::ip::make_address;

namespace {

int duplicate(int socket) {
    return socket < 0 ? socket : ::fcntl(socket, F_DUPFD_CLOEXEC, 3);
}

/// What stays open when the sockets it was taken from close.
bfd_snapshot left_by(const bfd_sessions& before) {
    auto left = before.snapshot();
    for (auto& [name, session] : left.sessions)
        session.socket = duplicate(session.socket);
    for (auto& receiver : left.receivers)
        receiver.socket = duplicate(receiver.socket);
    return left;
}

/// herald, in whose place another one comes, and its neighbor.
struct hand_over {
    explicit hand_over(bfd_path path = bfd_path::single_hop) : peer(peer_at(loopback, path)) {
        before = std::make_unique<bfd_sessions>(made_up(context, time, ports, other_ports), seen);
        before->want({peer});
        neighbor.want({peer});
    }
    void pass(std::chrono::milliseconds span) {
        for (; span > 0ms; span -= 10ms)
            time->advance(10ms);
    }
    void take_over(bfd_snapshot left) {
        before.reset();
        after = std::make_unique<bfd_sessions>(made_up(context, time, ports, other_ports, 9),
                                               seen_after, std::move(left));
        after->want({peer});
    }

    boost::asio::io_context context;
    std::shared_ptr<manual_time> time = std::make_shared<manual_time>(context);
    bfd_ports ports{unused_port(context), unused_port(context)};
    bfd_ports other_ports{unused_port(context), unused_port(context)};
    told seen, seen_after, seen_there;
    std::unique_ptr<bfd_sessions> before, after;
    bfd_sessions neighbor{made_up(context, time, other_ports, ports, 8), seen_there};
    bfd_peer peer;
};

std::size_t open_descriptors() {
    std::size_t count = 0;
    for (int i = 0; i < 256; ++i)
        count += ::fcntl(i, F_GETFD) >= 0 ? 1U : 0U;
    return count;
}

} // namespace

TEST_CASE("bfd_inherited: a session goes on with its discriminators, its port and its time, and "
          "neither side tells of anything") {
    hand_over over;
    over.pass(3s);
    REQUIRE(over.neighbor.find("router")->state() == session_state::up);
    over.seen_there.lines.clear();
    const auto port = over.before->port_of("router");
    const auto left = left_by(*over.before);
    over.take_over(left);
    CHECK(over.after->find("router")->snapshot() == left.sessions.at("router").machine);
    CHECK(over.after->port_of("router") == port);
    over.pass(5s);
    CHECK(over.after->find("router")->state() == session_state::up);
    CHECK(over.seen_after.lines.empty());
    CHECK(over.seen_there.lines.empty());
    CHECK(over.after->snapshot().sessions.at("router").machine.sent >
          left.sessions.at("router").machine.sent);
}

TEST_CASE("bfd_inherited: packets that came in between count, however late the new program is") {
    hand_over over;
    over.pass(3s);
    auto left = left_by(*over.before);
    over.before.reset();
    over.pass(890ms); // of a detection time of 900 ms
    over.take_over(std::move(left));
    over.pass(50ms);
    CHECK(over.after->find("router")->state() == session_state::up);
}

TEST_CASE("bfd_inherited: what is not wanted, is reached in another way, or has another port's "
          "socket is closed, and the session begins anew") {
    const auto at_first = open_descriptors();
    {
        hand_over over;
        over.pass(3s);
        auto left = left_by(*over.before);
        left.sessions["stranger"] = {left.sessions.at("router").machine, bfd_path::single_hop,
                                     duplicate(left.sessions.at("router").socket)};
        left.sessions.at("router").path = bfd_path::multihop;
        for (auto& receiver : left.receivers) // of the session's own port
            REQUIRE(::dup2(left.sessions.at("router").socket, receiver.socket) >= 0);
        const auto before = left.sessions.at("router").machine.local;
        over.take_over(std::move(left));
        CHECK(over.after->find("router")->snapshot().local != before);
        CHECK(over.after->path_of("router") == bfd_path::single_hop);
        CHECK(over.seen_after.lines ==
              std::vector<std::string>{"router: BFD packets cannot be received on UDP port " +
                                       std::to_string(over.ports.single_hop) +
                                       ": Invalid argument"});
        over.pass(8s); // the socket is tried again, the neighbor gives the old session up
        CHECK(over.after->find("router")->state() == session_state::up);
        CHECK(over.after->problems("router").empty());
    }
    CHECK(open_descriptors() == at_first);
}

TEST_CASE("bfd_inherited: one that was never wanted leaves nothing open") {
    const auto at_first = open_descriptors();
    {
        hand_over over;
        over.pass(3s);
        const bfd_sessions unused(made_up(over.context, over.time, over.ports, over.other_ports),
                                  over.seen_after, left_by(*over.before));
    }
    CHECK(open_descriptors() == at_first);
}
