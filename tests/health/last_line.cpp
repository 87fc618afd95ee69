#include "herald/health/last_line.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <vector>

namespace herald::health {
namespace {

std::string last_of(const std::vector<std::string>& pieces) {
    last_line under_test;
    for (const auto& piece : pieces)
        under_test.add(piece);
    return under_test.text();
}

TEST_CASE("last_line: the last line that is not blank is kept, ended or not") {
    CHECK(last_of({}).empty());
    CHECK(last_of({"\n \n\t\n"}).empty());
    CHECK(last_of({"one"}) == "one");
    CHECK(last_of({"one\n"}) == "one");
    CHECK(last_of({"one\ntwo"}) == "two");
    CHECK(last_of({"one\ntwo\n\n  \n"}) == "two");
    CHECK(last_of({"one\n", "  "}) == "one");
    CHECK(last_of({"one\r\n \ttwo words \r\n"}) == "two words");
}

TEST_CASE("last_line: lines may come in any pieces") {
    std::string text = "first\nsecond line\n\nlast line\n";
    for (std::size_t cut = 0; cut <= text.size(); ++cut)
        CHECK(last_of({text.substr(0, cut), text.substr(cut)}) == "last line");
    std::vector<std::string> octets;
    for (char octet : text)
        octets.emplace_back(1, octet);
    CHECK(last_of(octets) == "last line");
}

TEST_CASE("last_line: of a long line the first 1024 octets are kept") {
    std::string line = "begins here" + std::string(100000, 'x');
    CHECK(last_of({line}) == line.substr(0, 1024));
    CHECK(last_of({line, line, "\nshort\n"}) == "short");
    CHECK(last_of({std::string(5000, ' '), "after blanks"}) == "after blanks");
}

TEST_CASE("last_line: a line is cut between characters") {
    const std::string line(1023, 'x');
    const std::string shorter(1022, 'x');
    CHECK(last_of({line, "\xc3\xa9\xc3\xa9"}) == line);
    CHECK(last_of({shorter, "\xc3\xa9\xc3\xa9"}) == fmt::format("{}\xc3\xa9", shorter));
    CHECK(last_of({line, "\xf0\x9f\x98\x80", line}) == line);
}

TEST_CASE("printable: what a check says is harmless, and as long as is kept") {
    CHECK(printable("a\tb \x1b[31m\xff é") == "a b ?[31m? é");
    CHECK(printable(std::string(2000, '\x07')) == std::string(max_output, '?'));
    const std::string almost(1023, 'x');
    CHECK(printable(almost + "é") == almost);
}

} // namespace
} // namespace herald::health
