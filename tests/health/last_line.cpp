#include "herald/health/last_line.hpp"

#include <doctest/doctest.h>
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
    std::string line(1023, 'x');
    CHECK(last_of({line + "\xc3\xa9\xc3\xa9"}) == line);
    CHECK(last_of({line.substr(1) + "\xc3\xa9\xc3\xa9"}) == line.substr(1) + "\xc3\xa9");
    CHECK(last_of({line + "\xf0\x9f\x98\x80" + line}) == line);
}

TEST_CASE("printable: text in UTF-8 stays as it is") {
    std::string text =
        "plain, \xc3\xa9, \xe2\x82\xac, \xf0\x9f\x98\x80, \xc2\xa0, \xf4\x8f\xbf\xbf";
    CHECK(printable(text) == text);
}

TEST_CASE("printable: control characters are made harmless, C1 too") {
    CHECK(printable("a\x1b[31mb\x07\x7f") == "a?[31mb??");
    CHECK(printable("a\tb\nc\rd") == "a b?c?d");
    CHECK(printable("\xc2\x9b"
                    "31m\xc2\x80\xc2\x9f") == "?31m??");
    CHECK(printable(std::string_view("a\0b", 3)) == "a?b");
}

TEST_CASE("printable: octets that are not UTF-8 are made harmless, RFC 3629 §4") {
    CHECK(printable("\xff\xfe") == "??");
    CHECK(printable("\x80 alone") == "? alone");
    CHECK(printable("\xc3") == "?");
    CHECK(printable("\xc3(") == "?(");
    CHECK(printable("\xe2\x82") == "??");
    CHECK(printable("\xc0\xaf") == "??");           // overlong '/'
    CHECK(printable("\xe0\x80\xaf") == "???");      // overlong '/'
    CHECK(printable("\xf0\x80\x80\xaf") == "????"); // overlong '/'
    CHECK(printable("\xed\xa0\x80") == "???");      // a surrogate
    CHECK(printable("\xf4\x90\x80\x80") == "????"); // beyond U+10FFFF
    CHECK(printable("\xf5\x80\x80\x80") == "????");
}

} // namespace
} // namespace herald::health
