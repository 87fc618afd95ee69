// `bfd` of a neighbor: a switch or a table, with defaults that may be one or the other.
#include "herald/config/difference.hpp"
#include "herald/config/problem_list.hpp"
#include "tests/config/support.hpp"

#include <chrono>
#include <optional>

namespace herald::config::test {

using namespace std::chrono_literals;
using bfd::authentication_type;

namespace {

// The table's first key is on line 11.
std::string in_bfd(std::string_view keys) {
    return in_neighbor("[neighbor.bfd]\n" + std::string(keys));
}

std::string with_default(std::string_view defaults, std::string_view own) {
    return bgp + service + "[defaults.neighbor]\n" + std::string(defaults) + "\n" + neighbor +
           std::string(own) + "\n";
}

std::optional<peering::bfd_settings> bfd_of(const std::string& text) {
    return neighbor_of(text).bfd;
}

std::vector<change> difference_of(const std::string& now, const std::string& next) {
    return difference(*parse(now, "f").settings, *parse(next, "f").settings);
}

std::vector<change> changed(std::vector<std::string> keys, bool resets) {
    return {{"neighbor", "198.51.100.1", change::kind::changed, std::move(keys), resets, false}};
}

} // namespace

TEST_CASE("bfd: true and an empty table are BFD with the contract's defaults, false is none") {
    peering::bfd_settings expected;
    expected.session.min_tx = 300ms;
    expected.session.min_rx = 300ms;
    expected.session.multiplier = 3;
    expected.session.passive = false;
    CHECK(bfd_of(in_neighbor("")) == std::nullopt);
    CHECK(bfd_of(in_neighbor("bfd = false")) == std::nullopt);
    CHECK(bfd_of(in_neighbor("bfd = true")) == expected);
    CHECK(bfd_of(in_neighbor("bfd = {}")) == expected);
    CHECK(bfd_of(in_bfd("")) == expected);
    CHECK_FALSE(neighbor_of(in_bfd("")).session.bfd_strict);
}

TEST_CASE("bfd: every key is read") {
    peering::bfd_settings expected;
    expected.session.min_tx = 10ms;
    expected.session.min_rx = 1min;
    expected.session.multiplier = 255;
    expected.session.passive = true;
    expected.session.authentication = {authentication_type::keyed_sha1, 0, "12345678901234567890"};
    expected.multihop = true;
    const auto found = neighbor_of(in_bfd("min_tx = \"10ms\"\n"
                                          "min_rx = \"60s\"\n"
                                          "multiplier = 255\n"
                                          "passive = true\n"
                                          "strict = true\n"
                                          "multihop = true\n"
                                          "authentication = \"sha1\"\n"
                                          "key_id = 0\n"
                                          "password = \"12345678901234567890\""));
    CHECK(found.bfd == expected);
    CHECK(found.session.bfd_strict);
}

TEST_CASE("bfd: a neighbor's table wins key by key over the defaults' table") {
    const auto found =
        neighbor_of(with_default("[defaults.neighbor.bfd]\n"
                                 "min_tx = \"50ms\"\n"
                                 "multiplier = 5\n"
                                 "strict = true\n"
                                 "authentication = \"meticulous-sha1\"\n"
                                 "password = \"common\"",
                                 "bfd = { min_tx = \"100ms\", password = \"own\" }"));
    peering::bfd_settings expected;
    expected.session.min_tx = 100ms;
    expected.session.multiplier = 5;
    expected.session.authentication = {authentication_type::meticulous_sha1, 1, "own"};
    CHECK(found.bfd == expected);
    CHECK(found.session.bfd_strict);
}

TEST_CASE("bfd: what the defaults say is taken, or overridden by true, false and a table") {
    const std::string table = "bfd = { multiplier = 5 }";
    const auto multiplier = [](const std::string& defaults, const std::string& own) {
        const auto found = bfd_of(with_default(defaults, own));
        return found ? found->session.multiplier : 0;
    };
    CHECK(multiplier(table, "") == 5);
    CHECK(multiplier(table, "bfd = true") == 5);
    CHECK(multiplier(table, "bfd = { passive = true }") == 5);
    CHECK(multiplier(table, "bfd = { multiplier = 7 }") == 7);
    CHECK(multiplier(table, "bfd = false") == 0);
    CHECK(multiplier("bfd = true", "") == 3);
    CHECK(multiplier("bfd = true", "bfd = false") == 0);
    CHECK(multiplier("bfd = true", "bfd = { multiplier = 7 }") == 7);
    CHECK(multiplier("bfd = false", "") == 0);
    CHECK(multiplier("bfd = false", "bfd = true") == 3);
    CHECK(multiplier("bfd = false", "bfd = { multiplier = 7 }") == 7);
}

TEST_CASE("bfd: a default password is for neighbors with authentication, and their own file wins") {
    const scratch_directory scratch;
    const auto file = scratch.write("key", "from a file\n").string();
    const std::string common = "bfd = { key_id = 7, password = \"common\" }";
    CHECK(bfd_of(with_default(common, "bfd = true"))->session.authentication == std::nullopt);
    CHECK(bfd_of(with_default(common, "bfd = { authentication = \"sha1\" }"))
              ->session.authentication ==
          bfd::authentication_settings{authentication_type::keyed_sha1, 7, "common"});
    CHECK(bfd_of(with_default(common, "bfd = { authentication = \"sha1\", password_file = \"" +
                                          file + "\" }"))
              ->session.authentication ==
          bfd::authentication_settings{authentication_type::keyed_sha1, 7, "from a file"});
}

TEST_CASE("bfd: keys, wrong one by one") {
    check_rows({
        {in_neighbor("bfd = \"yes\""),
         {"f:10:7: neighbor.bfd: expected true, false or a table: [neighbor.bfd], not a string"}},
        {in_neighbor("bfd = 1"),
         {"f:10:7: neighbor.bfd: expected true, false or a table: [neighbor.bfd], not an integer"}},
        {in_bfd("min_tx = \"9ms\""),
         {"f:11:10: neighbor.bfd.min_tx: expected 10ms to 1m, not 9ms"}},
        {in_bfd("min_rx = \"61s\""),
         {"f:11:10: neighbor.bfd.min_rx: expected 10ms to 1m, not 61s"}},
        {in_bfd("min_tx = 300"),
         {"f:11:10: neighbor.bfd.min_tx: expected a string such as \"30s\", not an integer"}},
        {in_bfd("multiplier = 0"),
         {"f:11:14: neighbor.bfd.multiplier: expected an integer from 1 to 255, not 0"}},
        {in_bfd("multihop = 3"),
         {"f:11:12: neighbor.bfd.multihop: expected true or false, not an integer"}},
        {in_bfd("strict = \"no\""),
         {"f:11:10: neighbor.bfd.strict: expected true or false, not a string"}},
        {in_bfd("authentication = \"md5\"\npassword = \"p\""),
         {"f:11:18: neighbor.bfd.authentication: \"md5\": expected one of meticulous-sha1, sha1"}},
        {in_bfd("authentication = \"sha1\"\nkey_id = 256\npassword = \"p\""),
         {"f:12:10: neighbor.bfd.key_id: expected an integer from 0 to 255, not 256"}},
    });
}

TEST_CASE("bfd: an unknown key is named with the one that was meant, also in the defaults") {
    check_rows({
        {in_bfd("min_xt = \"1s\""),
         {"f:11:1: unknown key \"min_xt\" in [neighbor.bfd]; did you mean \"min_tx\"?"}},
        {in_neighbor("bfd = { stric = true }"),
         {"f:10:9: unknown key \"stric\" in [neighbor.bfd]; did you mean \"strict\"?"}},
        {in_neighbor("min_tx = \"1s\""),
         {"f:10:1: unknown key \"min_tx\" in [[neighbor]]; it belongs in [neighbor.bfd]"}},
        {in_bfd("hold_time = \"9s\""),
         {"f:11:1: unknown key \"hold_time\" in [neighbor.bfd]; it belongs in [[neighbor]]"}},
        {with_default("bfd = { min_xt = \"1s\" }", "bfd = false"),
         {"f:8:9: unknown key \"min_xt\" in [defaults.neighbor.bfd]; did you mean \"min_tx\"?"}},
    });
}

TEST_CASE("bfd: a wrong default is one problem, where it is, however many neighbors have it") {
    const auto text = with_default("bfd = { multiplier = 0 }", "") + internal_neighbor;
    CHECK(problems_of(text) == lines{"f:8:22: defaults.neighbor.bfd.multiplier: expected an "
                                     "integer from 1 to 255, not 0"});
    CHECK(problems_of(with_default("bfd = 3", "") + internal_neighbor) ==
          lines{"f:8:7: defaults.neighbor.bfd: expected true, false or a table: "
                "[defaults.neighbor.bfd], not an integer"});
}

TEST_CASE("bfd: authentication has a password, of 1 to 20 octets, and a password authentication") {
    const std::string sha1 = "authentication = \"sha1\"\n";
    const std::string length = "f:12:12: neighbor.bfd.password: a password has 1 to 20 octets, "
                               "this one ";
    const std::string useless = "needs authentication, which is \"meticulous-sha1\" or \"sha1\"";
    check_rows({
        {in_bfd(sha1),
         {"f:11:18: neighbor.bfd.authentication: needs a password or a password_file"}},
        {with_default("bfd = { authentication = \"sha1\" }", ""),
         {"f:8:26: defaults.neighbor.bfd.authentication: needs a password or a password_file"}},
        {in_bfd("password = \"p\""), {"f:11:12: neighbor.bfd.password: " + useless}},
        {in_bfd("key_id = 2"), {"f:11:10: neighbor.bfd.key_id: " + useless}},
        {in_bfd(sha1 + "password = \"\""), {length + "0"}},
        {in_bfd(sha1 + "password = \"123456789012345678901\""), {length + "21"}},
    });
}

TEST_CASE("bfd: a password excludes a password file, which is found beside herald.toml") {
    const scratch_directory scratch;
    scratch.write("key", "secret\n");
    const auto long_key = scratch.write("long", std::string(21, 'p'));
    std::filesystem::permissions(long_key, std::filesystem::perms::others_read,
                                 std::filesystem::perm_options::add);
    const auto file = (scratch.path() / "herald.toml").string();
    const auto loaded = [&](const std::string& keys) {
        return load(scratch.write("herald.toml", in_bfd("authentication = \"sha1\"\n" + keys)));
    };
    const auto good = loaded("password_file = \"key\"");
    REQUIRE(good.settings);
    CHECK(good.settings->neighbors.front().bfd->session.authentication->key == "secret");
    CHECK(to_lines(loaded("password_file = \"key\"\npassword = \"p\"").problems) ==
          lines{file + ":13:12: neighbor.bfd.password: excludes password_file: leave one of them "
                       "out"});
    const auto begin = file + ":12:17: ";
    CHECK(to_lines(loaded("password_file = \"long\"").problems) ==
          lines{begin + "warning: neighbor.bfd.password_file: " + in_quotes(long_key.string()) +
                    ": every user can read it; its mode should be 0600 or 0640",
                begin + "neighbor.bfd.password_file: a password has 1 to 20 octets, this one 21"});
}

TEST_CASE("bfd: its password in a file that everybody can read is warned of") {
    const auto text = in_bfd("authentication = \"sha1\"\npassword = \"hunter2\"");
    CHECK(to_lines(parse(text, "f", true).problems) ==
          lines{"f:12:12: warning: neighbor.bfd.password: a secret in a file that every user can "
                "read; its mode should be 0600 or 0640"});
}

TEST_CASE("bfd: the difference names it when it comes or goes, and else its keys") {
    const auto sha1 = [](const std::string& password) {
        return in_bfd("authentication = \"sha1\"\npassword = \"" + password + "\"");
    };
    const auto off = in_neighbor("");
    CHECK(difference_of(off, in_neighbor("bfd = true")) == changed({"bfd"}, false));
    CHECK(difference_of(sha1("p"), off) == changed({"bfd"}, false));
    CHECK(difference_of(in_neighbor("bfd = true"), in_bfd("")).empty());
    CHECK(difference_of(in_bfd(""), in_bfd("min_tx = \"1s\"\nmin_rx = \"2s\"")) ==
          changed({"bfd.min_tx", "bfd.min_rx"}, false));
    CHECK(difference_of(in_bfd(""), in_bfd("multihop = false")) ==
          changed({"bfd.multihop"}, false));
    CHECK(difference_of(in_bfd(""), sha1("p")) ==
          changed({"bfd.authentication", "bfd.password"}, false));
    CHECK(difference_of(sha1("old"), sha1("new")) == changed({"bfd.password"}, false));
}

TEST_CASE("bfd: strict resets the session, also when it comes or goes with BFD itself") {
    const auto off = in_neighbor("");
    const auto strict = in_bfd("strict = true");
    CHECK(difference_of(in_bfd(""), strict) == changed({"bfd.strict"}, true));
    CHECK(difference_of(off, strict) == changed({"bfd", "bfd.strict"}, true));
    CHECK(difference_of(strict, off) == changed({"bfd", "bfd.strict"}, true));
}

} // namespace herald::config::test
