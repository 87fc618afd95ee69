#include "herald/config/problem_list.hpp"
#include "tests/config/support.hpp"

#include <ctime>

namespace herald::config::test {

namespace {

constexpr std::size_t largest = std::size_t{1} << 20U;
// With sanitizers and without optimisation reading is up to fifty times as slow: there the texts
// are for their eyes, and the time counts in the other build.
#ifndef NDEBUG
constexpr std::size_t large_size = largest / 8;
constexpr double most_seconds = 60; // neighbors are as many as may be
#else
constexpr std::size_t large_size = largest;
constexpr double most_seconds = 2;
#endif

/// `begin`, then as many of `part` (with the number of each for every "#") as fit, then `end`.
std::string fill(std::string begin, std::string_view part, std::string_view end = "") {
    for (std::size_t number = 0;; ++number) {
        std::string next;
        for (const char c : part)
            next += c == '#' ? std::to_string(number) : std::string(1, c);
        if (begin.size() + next.size() + end.size() > large_size)
            return begin.append(end);
        begin += next;
    }
}

} // namespace

TEST_CASE("parse: what is not TOML is one problem at its place") {
    check_rows({
        {"[bgp\nlocal_as = 1", {"f:1:5: not TOML: in table header: expected ']', saw '\\n'"}},
        {"a = 1\na = 2",
         {"f:2:5: not TOML: in key-value pair: cannot redefine existing integer 'a'"}},
        {"[bgp]\nlocal_as = 99999999999999999999",
         {"f:2:32: not TOML: in decimal integer: the number is not representable in 64 bits"}},
        {"a = 1\nb = \"\xff\"", {"f:2:5: not TOML: Encountered invalid utf-8 sequence"}},
        {"a = 1\n\xc0\xaf", {"f:1:6: not TOML: Encountered invalid utf-8 sequence"}},
        {std::string("a = 1\nb = \"\0\"", 13),
         {"f:2:6: not TOML: in string: unescaped control characters other than TAB (U+0009) are "
          "explicitly prohibited"}},
        {std::string("a = 1\n\0", 7),
         {"f:2:1: not TOML: in root table: expected keys, tables, whitespace or comments, saw "
          "'\\u0000'"}},
    });
}

TEST_CASE("parse: texts that toml++ takes for impossible are dealt with") {
    check_rows({
        {"[=",
         {"f:1:2: not TOML: in key: expected bare key starting character or string "
          "delimiter, saw '='"}},
        {"é = 1",
         {"f:1:1: not TOML: in root table: expected keys, tables, whitespace or comments, "
          "saw 'é'"}},
        {"a = é", {"f:1:5: not TOML: in value: could not determine value type"}},
        {"a = \"\"\"\\é\"\"\"", {"f:1:9: not TOML: in string: unknown escape sequence '\\é'"}},
        {in_neighbor("description = \"\"\"\\\n é\"\"\""), {}},
    });
}

TEST_CASE("parse: columns are counted in characters") {
    CHECK(problems_of(bgp + "listen = [\"é\", 5]") ==
          lines{"f:4:11: bgp.listen: \"é\": not an IP address, such as 192.0.2.1 or 2001:db8::1",
                "f:4:16: bgp.listen: expected an array of strings, not an integer"});
}

TEST_CASE("parse: deep nesting is refused") {
    const auto deep = problems_of("a = " + std::string(100000, '['));
    CHECK(deep == lines{"f:1:37: not TOML: in value: exceeded maximum nested value depth of 32 "
                        "(TOML_MAX_NESTED_VALUES)"});
    const std::string wrong = "a key of so many parts has no place in herald.toml";
    check_rows({
        {fill("a", ".a", "=1"), {"f:1:16: " + wrong}},
        {"x = 1\n" + fill("[a", ".\"a\"", "]").substr(0, 100000), {"f:2:31: " + wrong}},
        {"x = '''\n''\\'''\n" + fill("[a", ".'a'", "]").substr(0, 100000), {"f:3:31: " + wrong}},
        {"x = {" + fill("a", ".a", "=1}").substr(0, 100000), {"f:1:21: " + wrong}},
    });
}

TEST_CASE("parse: dots in strings and comments are no keys") {
    const std::string dots = "1.2.3.4.5.6.7.8.9.10";
    CHECK(problems_of("# " + dots + "\n" + in_neighbor("description = \"\\\"" + dots + "\"")) ==
          lines{});
    CHECK(problems_of(in_neighbor("description = '" + dots + "'")) == lines{});
    CHECK(problems_of(in_neighbor("description = \"\"\"" + dots + "\\\"\"\"" + dots +
                                  "\"\"\"\"\"")) == lines{});
}

TEST_CASE("parse: more than 1 MiB is refused") {
    CHECK(problems_of(std::string(largest + 1, '\n')) ==
          lines{"f:1:1: larger than 1 MiB: it has 1048577 octets"});
}

TEST_CASE("parse: of a thousand errors and more, a thousand are shown") {
    const auto found = problems_of(fill(bgp, "k#=1\n"));
    REQUIRE(found.size() == problem_list::limit + 1);
    CHECK(found.front().starts_with("f:4:1: unknown key \"k0\" in [bgp]"));
    CHECK(found.back().ends_with("warning: there are more problems than are shown"));
}

TEST_CASE("parse: the 4097th neighbor is refused") {
    std::string text = bgp + service;
    for (int i = 0; i < 4097; ++i)
        text += "[[neighbor]]\nremote_as = 64500\naddress = \"10.0." + std::to_string(i / 256) +
                "." + std::to_string(i % 256) + "\"\n";
    CHECK(problems_of(text) == lines{"f:12295:1: more than 4096 neighbors"});
}

TEST_CASE("parse: a large file of anything takes a bounded time") {
    const std::string a_neighbor = "[[neighbor]]\naddress='::#'\nremote_as=1\n";
    std::string defaults = "[defaults.neighbor]\ncommunities=[";
    for (int i = 0; i < 240; ++i)
        defaults += "'64500:" + std::to_string(i) + "',";
    const std::vector<std::string> texts{
        fill(bgp, "k#=1\n"),
        fill(bgp, "#.a=1\n"),
        fill("", "[[#.b]]\n"),
        fill("", "[#.b]\n"),
        fill("a=[", "1,", "]"),
        fill("a=[", "{},", "]"),
        fill(bgp + "listen=[", "'::',", "]"),
        fill(bgp, a_neighbor),
        fill(bgp + defaults + "]\n", a_neighbor),
        fill(bgp + "[defaults.neighbor]\nfamilies=[", "'x',", "]").substr(0, large_size / 2) +
            "'']\n" + fill("", a_neighbor).substr(large_size / 2 + 1000),
        fill(bgp, "[[service]]\nname='#'\nprefixes=['::#/128']\n"),
        fill(bgp + service, "[[service.check]]\ntype='tcp'\naddress='x:1'\n"),
        fill(bgp + "[[service]]\nname='x'\nprefixes=[", "'::#/128',", "]"),
        fill(bgp + service + "neighbors=[", "'#',", "]"),
    };
    for (const auto& text : texts) {
        CAPTURE(text.substr(0, 200));
        const auto begin = std::clock(); // the processor's time: the machine may be busy
        const auto result = parse(text, "f");
        const auto took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
        CHECK(result.problems.size() <= 2 * problem_list::limit + 1);
        CHECK(took < most_seconds);
    }
}

} // namespace herald::config::test
