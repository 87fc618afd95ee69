#include "herald/wire/framer.hpp"

#include "tests/support/bytes.hpp"

#include <doctest/doctest.h>

using namespace herald::wire;
using herald::test::bytes;
using herald::test::hex;
using herald::test::join;
using herald::test::message;
using herald::test::number_16;

namespace {

/// A message that owns its body.
struct owned_frame {
    message_type type;
    bytes body;
    friend bool operator==(const owned_frame&, const owned_frame&) = default;
};

/// Feeds octets as they fit, and takes out what is whole after each step.
struct stream {
    framer frames;
    std::vector<owned_frame> seen;
    std::optional<notification> error;

    void feed(std::span<const std::uint8_t> octets) {
        while (!octets.empty()) {
            const auto space = frames.prepare();
            REQUIRE_FALSE(space.empty());
            const auto count = std::min(space.size(), octets.size());
            std::ranges::copy(octets.first(count), space.begin());
            frames.commit(count);
            octets = octets.subspan(count);
            drain();
        }
    }

    void drain() {
        auto next = frames.next();
        for (; next && *next; next = frames.next())
            seen.push_back({(*next)->type, {(*next)->body.begin(), (*next)->body.end()}});
        if (!next)
            error = next.error();
    }
};

notification header_fault(std::uint8_t subcode, bytes data) {
    return {error_code::message_header, subcode, std::move(data)};
}

/// What the framer says of a stream that begins with a header of this length and type.
std::optional<notification> fault_of(std::size_t length, std::uint8_t type, bool extended = false) {
    stream from;
    if (extended)
        from.frames.allow_extended_messages();
    from.feed(join({bytes(16, 0xFF), number_16(length), {type}}));
    return from.error;
}

const bytes keepalive = message(4, {});
const bytes update = message(2, {0, 0, 0, 0});
const bytes notify = message(3, {6, 2});
const bytes refresh = message(5, {0, 1, 0, 1});
const bytes open_minimum = message(1, bytes(10, 7));

} // namespace

TEST_CASE("framer: one message of each type comes out with its body, RFC 4271 §4.1") {
    stream from;
    from.feed(join({open_minimum, keepalive, update, notify, refresh}));
    CHECK(from.seen == std::vector<owned_frame>{{message_type::open, bytes(10, 7)},
                                                {message_type::keepalive, {}},
                                                {message_type::update, {0, 0, 0, 0}},
                                                {message_type::notification, {6, 2}},
                                                {message_type::route_refresh, {0, 1, 0, 1}}});
    CHECK(from.error == std::nullopt);
}

TEST_CASE("framer: messages cut at every octet are the same messages") {
    const auto all = join({open_minimum, keepalive, update, notify, refresh});
    stream whole;
    whole.feed(all);
    for (std::size_t cut = 0; cut <= all.size(); ++cut) {
        stream from;
        from.feed(std::span(all).first(cut));
        from.feed(std::span(all).subspan(cut));
        CHECK(from.seen == whole.seen);
    }
    stream one_by_one;
    for (const auto octet : all)
        one_by_one.feed(bytes{octet});
    CHECK(one_by_one.seen == whole.seen);
}

TEST_CASE("framer: an incomplete message is waited for") {
    for (const auto& whole : {open_minimum, keepalive, update, notify, refresh})
        for (std::size_t size = 0; size < whole.size(); ++size) {
            stream from;
            from.feed(std::span(whole).first(size));
            CHECK(from.seen.empty());
            CHECK(from.error == std::nullopt);
        }
}

TEST_CASE("framer: a marker that is not all ones is 1/1, whichever octet it is, RFC 4271 §6.1") {
    for (std::size_t place = 0; place < 16; ++place) {
        auto bad = keepalive;
        bad[place] = 0xFE;
        stream from;
        from.feed(bad);
        CHECK(from.seen.empty());
        CHECK(from.error == header_fault(1, {}));
    }
}

TEST_CASE("framer: a length out of range is 1/2 with the length as data, RFC 4271 §6.1") {
    CHECK(fault_of(0, 4) == header_fault(2, {0, 0}));
    CHECK(fault_of(18, 4) == header_fault(2, {0, 18}));
    CHECK(fault_of(4097, 2) == header_fault(2, {0x10, 0x01}));
    CHECK(fault_of(65535, 2) == header_fault(2, {0xFF, 0xFF}));
    CHECK(fault_of(4096, 2) == std::nullopt);
}

TEST_CASE("framer: a length that its type cannot have is 1/2 before the rest is waited for") {
    struct row {
        std::uint8_t type;
        std::size_t least, most;
    };
    for (const auto& [type, least, most] :
         {row{1, 29, 4096}, row{2, 23, 4096}, row{3, 21, 4096}, row{4, 19, 19}, row{5, 19, 4096}}) {
        CAPTURE(type);
        CHECK(fault_of(least - 1, type) == header_fault(2, number_16(least - 1)));
        CHECK(fault_of(least, type) == std::nullopt);
        CHECK(fault_of(most, type) == std::nullopt);
        CHECK(fault_of(most + 1, type) == header_fault(2, number_16(most + 1)));
    }
}

TEST_CASE("framer: an unknown type is 1/3 with the type as data, RFC 4271 §6.1") {
    for (const auto type : bytes{0, 6, 128, 255})
        CHECK(fault_of(19, type) == header_fault(3, {type}));
}

TEST_CASE("framer: of several faults the marker comes first, then the length") {
    stream from;
    from.feed(bytes(19, 0));
    CHECK(from.error == header_fault(1, {}));
    CHECK(fault_of(18, 9) == header_fault(2, {0, 18}));
}

TEST_CASE("framer: with extended messages only OPEN and KEEPALIVE keep their limit, RFC 8654 §4") {
    for (const auto type : bytes{2, 3, 5})
        CHECK(fault_of(65535, type, true) == std::nullopt);
    CHECK(fault_of(4096, 1, true) == std::nullopt);
    CHECK(fault_of(4097, 1, true) == header_fault(2, {0x10, 0x01}));
    CHECK(fault_of(20, 4, true) == header_fault(2, {0, 20}));

    stream from;
    from.frames.allow_extended_messages();
    const bytes body(65535 - 19, 0x5A);
    from.feed(join({message(2, body), keepalive, message(2, body), keepalive}));
    CHECK(from.seen == std::vector<owned_frame>{{message_type::update, body},
                                                {message_type::keepalive, {}},
                                                {message_type::update, body},
                                                {message_type::keepalive, {}}});
}

TEST_CASE("framer: messages before a fault come out, and the fault stays") {
    stream from;
    from.feed(join({keepalive, update, message(9, {}), keepalive}));
    CHECK(from.seen.size() == 2);
    CHECK(from.error == header_fault(3, {9}));
    from.error.reset();
    from.feed(bytes(100'000, 0xFF));
    CHECK(from.error == header_fault(3, {9}));
    CHECK(from.seen.size() == 2);
}

TEST_CASE("framer: a neighbor that fills its reads gets larger ones, up to a limit") {
    stream from;
    CHECK(from.frames.prepare().size() == 4096);
    for (auto i = 0; i < 100'000; ++i)
        from.feed(update);
    CHECK(from.frames.prepare().size() == 4096); // single messages do not fill it
    from.feed(herald::test::repeat(update, 100'000));
    CHECK(from.seen.size() == 200'000);
    CHECK(from.frames.prepare().size() > 65535 - 23);
    CHECK(from.frames.prepare().size() <= 65536);
}

TEST_CASE("framer: room that was needed once is given back when few octets come") {
    stream from;
    from.feed(herald::test::repeat(update, 100'000));
    CHECK(from.frames.prepare().size() > 4096);
    from.feed(update);
    CHECK(from.frames.prepare().size() == 4096);
    from.feed(herald::test::repeat(update, 1000));
    CHECK(from.seen.size() == 101'001);
}

TEST_CASE("begin_message, finish_message: the length is that of the message, wherever it starts") {
    bytes out{0xAA};
    const auto start = begin_message(out, message_type::update);
    writer(out).write(bytes{1, 2, 3});
    finish_message(out, start);
    CHECK(start == 1);
    CHECK(out == hex(R"(
        aa                                # was there before
        ffffffffffffffffffffffffffffffff  # marker
        0016                              # length
        02                                # type
        010203)"));
}
