#include "herald/wire/as_path.hpp"

#include "tests/support/bytes.hpp"

#include <doctest/doctest.h>

using namespace herald::wire;
using herald::net::as_number;
using herald::test::bytes;
using herald::test::hex;

namespace {

as_segment sequence(std::vector<as_number> numbers) {
    return {as_segment::kind::sequence, std::move(numbers)};
}
as_segment set(std::vector<as_number> numbers) {
    return {as_segment::kind::set, std::move(numbers)};
}
as_segment confederation(std::vector<as_number> numbers) {
    return {as_segment::kind::confed_sequence, std::move(numbers)};
}

bytes written(const as_path& path, std::size_t width) {
    bytes out;
    writer to(out);
    write_as_path(to, path, width);
    return out;
}

} // namespace

TEST_CASE("as_path: segments are read and written with four octets, RFC 6793 §3") {
    const as_path path{sequence({64500, 4200000000}), set({1, 2})};
    const auto octets = hex(R"(
        02 02 0000fbf4 fa56ea00  # sequence
        01 02 00000001 00000002  # set
        )");
    CHECK(written(path, 4) == octets);
    CHECK(read_as_path(octets, 4) == path);
    CHECK(written({}, 4).empty());
    CHECK(read_as_path({}, 4).empty());
}

TEST_CASE("as_path: with two octets AS_TRANS stands for what does not fit, RFC 6793 §4.2.2") {
    const auto octets = hex("02 03 fbf4 5ba0 ffff");
    CHECK(written({sequence({64500, 4200000000, 65535})}, 2) == octets);
    CHECK(read_as_path(octets, 2) == as_path{sequence({64500, 23456, 65535})});
}

TEST_CASE("as_path: a segment of more than 255 numbers becomes several, RFC 4271 §4.3") {
    CHECK(written({sequence(std::vector<as_number>(255, 7))}, 2).size() == 2 + 2 * 255);
    const auto octets = written({sequence(std::vector<as_number>(511, 7))}, 4);
    CHECK(read_as_path(octets, 4) == as_path{sequence(std::vector<as_number>(255, 7)),
                                             sequence(std::vector<as_number>(255, 7)),
                                             sequence({7})});
    CHECK(written({sequence({})}, 4).empty()); // an empty segment would be malformed, RFC 7606 §7.2
}

TEST_CASE("as4_path_of: holds no segment of a confederation, RFC 6793 §4.2.2") {
    CHECK(as4_path_of({confederation({1}), sequence({70000}), set({2})}) ==
          as_path{sequence({70000}), set({2})});
    CHECK(needs_four_octets({sequence({1, 70000})}));
    CHECK(needs_four_octets({sequence({1}), set({65536})}));
    CHECK_FALSE(needs_four_octets({sequence({1, 65535})}));
    CHECK_FALSE(needs_four_octets({confederation({70000}), sequence({1})}));
    CHECK_FALSE(needs_four_octets({}));
}

TEST_CASE("merge_as4_path: what was prepended since stays in front, RFC 6793 §4.2.3") {
    CHECK(merge_as4_path({sequence({1, 2, 23456, 3})}, {sequence({70000, 3})}) ==
          as_path{sequence({1, 2, 70000, 3})});
    CHECK(merge_as4_path({sequence({23456, 3})}, {sequence({70000, 3})}) ==
          as_path{sequence({70000, 3})});
    CHECK(merge_as4_path({sequence({1, 23456})}, {sequence({70000}), set({80000, 5})}) ==
          as_path{sequence({70000}), set({80000, 5})});
    CHECK(merge_as4_path({set({1, 2}), sequence({3, 23456})}, {sequence({70000})}) ==
          as_path{set({1, 2}), sequence({3, 70000})});
}

TEST_CASE("merge_as4_path: an AS4_PATH longer than the AS_PATH is ignored, RFC 6793 §4.2.3") {
    CHECK(merge_as4_path({sequence({23456})}, {sequence({70000, 3})}) ==
          as_path{sequence({23456})});
    CHECK(merge_as4_path({}, {sequence({70000})}).empty());
    // A set counts as one, RFC 4271 §9.1.2.2.
    CHECK(merge_as4_path({set({1, 2, 3})}, {sequence({70000, 3})}) == as_path{set({1, 2, 3})});
}

TEST_CASE("merge_as4_path: segments of a confederation, RFC 6793 §4.2.3, §6") {
    // In front they stay; in AS4_PATH they are discarded.
    CHECK(merge_as4_path({confederation({9}), sequence({23456})},
                         {confederation({8}), sequence({70000})}) ==
          as_path{confederation({9}), sequence({70000})});
    CHECK(merge_as4_path({sequence({1}), confederation({9}), sequence({23456})},
                         {sequence({70000})}) ==
          as_path{sequence({1}), confederation({9}), sequence({70000})});
}

TEST_CASE("merge_as4_path: sequences are not joined beyond 255 numbers, RFC 4271 §4.3") {
    std::vector<as_number> long_one(255, 7);
    as_path path{sequence({1}), sequence(std::vector<as_number>(255, 23456))};
    CHECK(merge_as4_path(path, {sequence(long_one)}) == as_path{sequence({1}), sequence(long_one)});
}
