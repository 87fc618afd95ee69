#include "herald/peering/link_tracker.hpp"

#include <cerrno>
#include <doctest/doctest.h>

using namespace herald::peering;
using boost::asio::ip::make_address;
using boost::system::error_code;

namespace {

const auto session = make_address("198.51.100.2");
const link_message eth0 = interface_message{2, false, "eth0", true};

link_message has(const char* text, bool gone = false) {
    return address_message{2, gone, {make_address(text), 64, {}}, {}};
}

link_report telling(link_message message) {
    link_report report;
    report.messages.push_back(std::move(message));
    return report;
}

const link_list all = std::vector{eth0, has("198.51.100.2"), has("2001:db8::2")};
const link_list failed = std::unexpected(error_code(EMFILE, boost::system::system_category()));

link_tracker filled() {
    link_tracker made;
    made.asking();
    made.answered(all);
    return made;
}

/// The IPv6 next hop beside the session: its text, or "none".
std::string ipv6(const link_tracker& in) {
    const auto found = in.beside(session).ipv6;
    return found ? found->to_string() : "none";
}

} // namespace

TEST_CASE("link_tracker: all is unreadable until the kernel has answered, whatever it tells") {
    link_tracker made;
    CHECK(made.must_ask());
    CHECK(made.beside(session).unreadable == std::errc::operation_in_progress);
    made.asking();
    CHECK_FALSE(made.must_ask());
    CHECK_FALSE(made.told(telling(has("2001:db8::3"))));
    CHECK_FALSE(made.exclude({make_address("2001:db8::53")}));
    CHECK(made.beside(session).unreadable);
    CHECK(made.answered(all));
    CHECK_FALSE(made.beside(session).unreadable);
    CHECK(ipv6(made) == "2001:db8::3");
    CHECK_FALSE(made.must_ask());
}

TEST_CASE("link_tracker: the first answer is a change, even if there is nothing") {
    link_tracker made;
    made.asking();
    CHECK(made.answered(std::vector<link_message>{}));
    CHECK(made.beside(session).name.empty());
}

TEST_CASE("link_tracker: a question that failed says why, and is asked again") {
    link_tracker made;
    made.asking();
    CHECK(made.answered(failed));
    CHECK(made.must_ask());
    CHECK(made.beside(session).unreadable == failed.error());
    made.asking();
    CHECK_FALSE(made.answered(failed)); // nothing new
    CHECK(made.unanswered({EACCES, boost::system::system_category()}));
    made.asking();
    CHECK(made.answered(all));
    CHECK(made.beside(session).name == "eth0");
}

TEST_CASE("link_tracker: after a loss all is asked for, and what was known counts meanwhile") {
    auto made = filled();
    made.lost();
    CHECK(made.must_ask());
    CHECK(ipv6(made) == "2001:db8::2");
    made.asking();
    CHECK_FALSE(made.answered(failed));
    CHECK(made.must_ask());
    CHECK(ipv6(made) == "2001:db8::2");
    made.asking();
    CHECK(made.answered(std::vector{eth0, has("198.51.100.2")}));
    CHECK(ipv6(made) == "none");
    CHECK_FALSE(made.must_ask());
}

TEST_CASE("link_tracker: what is lost while the kernel is asked is asked for once more") {
    auto made = filled();
    made.lost();
    made.asking();
    made.lost();
    CHECK_FALSE(made.must_ask());
    CHECK_FALSE(made.answered(all));
    CHECK(made.must_ask());
    made.asking();
    CHECK_FALSE(made.answered(all));
    CHECK_FALSE(made.must_ask());
}

TEST_CASE("link_tracker: what is told while the kernel is asked outlives the answer") {
    auto made = filled();
    made.lost();
    made.asking();
    CHECK(made.told(telling(has("2001:db8::2", true))));
    CHECK(made.told(telling(has("2001:db8::3"))));
    CHECK_FALSE(made.answered(all)); // which is older
    CHECK(ipv6(made) == "2001:db8::3");
    made.lost();
    made.asking();
    CHECK(made.answered(all)); // now it is newer
    CHECK(ipv6(made) == "2001:db8::2");
}

TEST_CASE("link_tracker: what cannot be read is lost, and what came before it counts") {
    auto made = filled();
    auto report = telling(has("2001:db8::2", true));
    report.malformed = true;
    CHECK(made.told(report));
    CHECK(ipv6(made) == "none");
    CHECK(made.must_ask());
}
