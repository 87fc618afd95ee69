#include "herald/text/harmless.hpp"

#include <doctest/doctest.h>
#include <utility>
#include <vector>

namespace herald::text {
namespace {

TEST_CASE("harmless: what is well-formed and harmless stays as it is") {
    for (const auto* text : {"", "plain", "Grüße", "€", "日本語", "😀", "\xf4\x8f\xbf\xbf",
                             "no-break\u00a0space", "עברית", "\\x1b \"quoted\""}) {
        CAPTURE(text);
        CHECK(harmless(text) == text);
        CHECK(is_harmless(text));
    }
}

TEST_CASE("harmless: each octet of what is not well-formed becomes a mark, RFC 3629 §4") {
    CHECK(harmless("\x80") == "?");                // a continuation alone
    CHECK(harmless("\xc3") == "?");                // the end is missing
    CHECK(harmless("\xe2\x82") == "??");           // likewise
    CHECK(harmless("\xc3(") == "?(");              // no continuation
    CHECK(harmless("\xc0\xaf") == "??");           // overlong
    CHECK(harmless("\xe0\x80\xaf") == "???");      // overlong
    CHECK(harmless("\xf0\x80\x80\xaf") == "????"); // overlong
    CHECK(harmless("\xed\xa0\x80") == "???");      // a surrogate
    CHECK(harmless("\xf4\x90\x80\x80") == "????"); // beyond the last plane
    CHECK(harmless("\xf5\x80\x80\x80") == "????"); // likewise
    CHECK(harmless("\xff\xfe") == "??");
    CHECK_FALSE(is_harmless("\xff"));
}

TEST_CASE("harmless: every character that steers a terminal or a reader becomes a mark") {
    for (int c = 0; c < 0x20; ++c) {
        CAPTURE(c);
        const bool blank = c == '\t' || c == '\n' || c == '\r';
        CHECK(harmless(std::string{'a', static_cast<char>(c), 'z'}) == (blank ? "a z" : "a?z"));
    }
    CHECK(harmless("\x7f") == "?");
    for (int c = 0x80; c < 0xa0; ++c)
        CHECK(harmless(std::string{'\xc2', static_cast<char>(c)}) == "?");
    for (const auto* text :
         {"\u061c", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202b", "\u202c", "\u202d",
          "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"}) {
        CHECK(harmless(text) == "?");
        CHECK_FALSE(is_harmless(text));
    }
    CHECK(harmless("a\x1b[31mb\x07") == "a?[31mb?");
}

TEST_CASE("harmless: what is harmless once stays so") {
    const std::string every = "\t\n\x1b\x7f\xff\u202e\u0085 é";
    CHECK(harmless(harmless(every)) == harmless(every));
}

TEST_CASE("quoted: a JSON string, RFC 8259 §7, that harms no terminal either") {
    const std::vector<std::pair<std::string_view, std::string_view>> rows{
        {"", R"("")"},
        {"plain /", R"("plain /")"},
        {"\"\\\b\f\n\r\t", R"("\"\\\b\f\n\r\t")"},
        {std::string_view("\0\x01\x1f", 3), R"("\u0000\u0001\u001f")"},
        {"\x7f\u0080\u009f", R"("\u007f\u0080\u009f")"},
        {"a\u202e\u2028\u2069\u061cz", R"("a\u202e\u2028\u2069\u061cz")"},
        {"é€\xf0\x9f\x98\x80", "\"é€\xf0\x9f\x98\x80\""},
    };
    for (const auto& [text, json] : rows)
        CHECK(quoted(text) == json);
}

TEST_CASE("quoted: octets that are not UTF-8 become U+FFFD, RFC 3629 §4") {
    const std::vector<std::pair<std::string_view, std::string_view>> rows{
        {"a\xff"
         "b",
         "\"a�b\""},
        {"\x80", "\"�\""},                // continues nothing
        {"\xc3", "\"�\""},                // cut short
        {"\xe2\x82", "\"��\""},           // cut short
        {"\xc0\xaf", "\"��\""},           // overlong
        {"\xe0\x80\x80", "\"���\""},      // overlong
        {"\xed\xa0\x80", "\"���\""},      // a surrogate
        {"\xf4\x90\x80\x80", "\"����\""}, // beyond U+10FFFF
    };
    for (const auto& [bytes, json] : rows)
        CHECK(quoted(bytes) == json);
}

TEST_CASE("cut: never cuts a character") {
    CHECK(cut("aé", 3) == "aé");
    CHECK(cut("aé", 2) == "a");
    CHECK(cut("aé", 1) == "a");
    CHECK(cut("é", 1) == "");
    CHECK(cut("abc", 0) == "");
    CHECK(cut("\x80\x80\x80", 2) == "");
}

} // namespace
} // namespace herald::text
