#include "herald/health/ntp_message.hpp"

#include "tests/support/bytes.hpp"

namespace herald::health {
namespace {

using herald::test::bytes;
using herald::test::hex;

constexpr std::uint64_t asked = 0x0123456789abcdef;

/// What a server answers, RFC 5905 §7.3, with one field replaced.
struct reply {
    std::string leap_version_mode = "24";
    std::string stratum = "02";
    std::string reference_id = "c0000201";
    std::string originate = "0123456789abcdef";
    std::string transmit = "eb00000180000000";

    bytes packet() const {
        return hex(leap_version_mode + "  # leap 0, version 4, mode 4\n" + stratum + R"(
            06                # poll
            e9                # precision
            00000500          # root delay
            00000700          # root dispersion
            )" + reference_id +
                   R"(
            eb00000000000000  # reference timestamp
            )" + originate +
                   R"(
            eb00000100000000  # receive timestamp
            )" + transmit);
    }
};

std::optional<probe_result> judged(const reply& given, unsigned max_stratum = 15) {
    return judge_ntp_reply({"", 123, max_stratum}, asked, given.packet());
}

probe_result failed(std::string why) {
    return {.output = std::move(why)};
}

TEST_CASE("ntp: the request is a client's packet of version 4 with nothing but its timestamp") {
    const auto packet = ntp_request(asked);
    CHECK(bytes(packet.begin(), packet.end()) ==
          herald::test::join({{0x23}, bytes(39, 0), hex("0123456789abcdef")}));
}

TEST_CASE("ntp: a synchronised server passes with its stratum") {
    CHECK(judged({}) == probe_result{.outcome = verdict::pass, .output = "stratum 2"});
    CHECK(judged({.stratum = "01"}) ==
          probe_result{.outcome = verdict::pass, .output = "stratum 1"});
    CHECK(judged({.stratum = "0f"})->outcome == verdict::pass);
    // A leap second that is announced is no fault.
    CHECK(judged({.leap_version_mode = "64"})->outcome == verdict::pass);
    CHECK(judged({.leap_version_mode = "a4"})->outcome == verdict::pass);
}

TEST_CASE("ntp: a server that does not know the time fails, RFC 5905 §7.3") {
    CHECK(judged({.leap_version_mode = "e4"}) ==
          failed("not synchronised: its leap indicator is 3"));
    CHECK(judged({.stratum = "10"}) == failed("not synchronised: its stratum is 16"));
    CHECK(judged({.stratum = "ff"}) == failed("not synchronised: its stratum is 255"));
    CHECK(judged({.stratum = "04"}, 3) == failed("its stratum is 4, more than 3"));
    CHECK(judged({.transmit = "0000000000000000"}) == failed("it does not say what time it is"));
}

TEST_CASE("ntp: a kiss-o'-death is named, RFC 5905 §7.4") {
    CHECK(judged({.leap_version_mode = "e4", .stratum = "00", .reference_id = "52415445"}) ==
          failed("kiss-o'-death RATE"));
    CHECK(judged({.stratum = "00", .reference_id = "00000000"}) ==
          failed("not synchronised: its stratum is 0"));
}

TEST_CASE("ntp: what is no reply to the request is dropped, RFC 5905 §8") {
    CHECK(judged({.originate = "0123456789abcdee"}) == std::nullopt);
    CHECK(judged({.originate = "0000000000000000"}) == std::nullopt);
    for (const auto* other : {"20", "21", "22", "23", "25", "26", "27", "1c", "2c", "04", "3c"}) {
        CAPTURE(other);
        CHECK(judged({.leap_version_mode = other}) == std::nullopt);
    }
    herald::test::for_each_cut(reply{}.packet(), [](auto cut) {
        CHECK(judge_ntp_reply({"", 123, 15}, asked, cut) == std::nullopt);
    });
}

TEST_CASE("ntp: extensions and an authenticator after the packet do not matter") {
    auto packet = reply{}.packet();
    packet.insert(packet.end(), 20, 0xff);
    CHECK(judge_ntp_reply({"", 123, 15}, asked, packet)->outcome == verdict::pass);
}

} // namespace
} // namespace herald::health
