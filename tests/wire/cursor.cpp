#include "herald/wire/cursor.hpp"

#include "tests/support/bytes.hpp"

#include <doctest/doctest.h>

using namespace herald::wire;
using herald::test::bytes;

TEST_CASE("reader: numbers come in network order, and a read past the end changes nothing") {
    const bytes data{0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07};
    reader from(data);
    CHECK(from.read<std::uint8_t>() == 0x01);
    CHECK(from.read<std::uint16_t>() == 0x0203);
    CHECK(from.read<std::uint64_t>() == std::nullopt);
    CHECK_FALSE(from.take(5));
    CHECK(from.size() == 4);
    CHECK(from.read<std::uint32_t>() == 0x04050607);
    CHECK(from.empty());
    CHECK(from.read<std::uint8_t>() == std::nullopt);
    CHECK(from.take(0));
}

TEST_CASE("writer: numbers go in network order, and a length is filled in later") {
    bytes out{0xAA};
    writer to(out);
    const auto length = to.position();
    to.write<std::uint16_t>(0);
    to.write<std::uint64_t>(0x0102030405060708);
    to.write(bytes{0xBB, 0xCC});
    to.patch(length, static_cast<std::uint16_t>(0x1234));
    CHECK(out == bytes{0xAA, 0x12, 0x34, 1, 2, 3, 4, 5, 6, 7, 8, 0xBB, 0xCC});
}
