#include "herald/daemon/drain_book.hpp"

#include "tests/support/event_loop.hpp"
#include "tests/support/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>

using namespace herald;
using namespace herald::daemon;
using namespace std::chrono_literals;

namespace {

service::stored_drain because(const std::string& reason) {
    service::stored_drain drain;
    drain.since = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    drain.reason = reason;
    return drain;
}

drain_book::change add(const std::string& service, const service::stored_drain& drain) {
    return [=](service::stored_drains& drains) { drains[service] = drain; };
}

/// Applies a change and waits for its outcome.
std::error_code apply(boost::asio::io_context& context, drain_book& book, drain_book::change make) {
    std::optional<std::error_code> outcome;
    book.apply(std::move(make), [&](std::error_code error) { outcome = error; });
    REQUIRE(test::run_until(context, [&] { return outcome.has_value(); }));
    return *outcome;
}

} // namespace

TEST_CASE("drain_book: a change takes effect once it is on disk, and is there after a restart") {
    test::temporary_directory directory;
    boost::asio::io_context context;
    auto drain = because("kernel update");
    drain_book book(context.get_executor(), directory.path());
    REQUIRE(book.load());
    book.apply(add("dns", drain), [](auto) {});
    CHECK(book.drains().empty());
    REQUIRE(test::run_until(context, [&] { return !book.drains().empty(); }));
    drain_book again(context.get_executor(), directory.path());
    REQUIRE(again.load());
    CHECK(again.drains() == service::stored_drains{{"dns", drain}});
}

TEST_CASE("drain_book: what cannot be stored never happened") {
    test::temporary_directory directory;
    boost::asio::io_context context;
    drain_book book(context.get_executor(), directory.path() / "missing");
    CHECK(apply(context, book, add("dns", because("in vain"))));
    CHECK(book.drains().empty());
}

TEST_CASE("drain_book: changes that overlap are made one after the other") {
    test::temporary_directory directory;
    boost::asio::io_context context;
    drain_book book(context.get_executor(), directory.path());
    REQUIRE(book.load());
    auto dns = because("one"), ntp = because("two");
    book.apply(add("dns", dns), [](auto) {});
    book.apply(add("ntp", ntp), [](auto) {});
    CHECK_FALSE(apply(context, book, [](auto& drains) { drains.erase("dns"); }));
    CHECK(book.drains() == service::stored_drains{{"ntp", ntp}});
}

TEST_CASE("drain_book: a drain that expired while nobody looked is not applied") {
    test::temporary_directory directory;
    boost::asio::io_context context;
    auto expired = because("over"), lasting = because("not over");
    expired.until = expired.since - 1s;
    lasting.until = lasting.since + 1h;
    drain_book book(context.get_executor(), directory.path());
    CHECK_FALSE(apply(context, book, add("dns", expired)));
    CHECK_FALSE(apply(context, book, add("ntp", lasting)));
    drain_book again(context.get_executor(), directory.path());
    REQUIRE(again.load());
    CHECK(again.drains() == service::stored_drains{{"ntp", lasting}});
}

TEST_CASE("drain_book: without a file, or its directory, there are no drains") {
    test::temporary_directory directory;
    boost::asio::io_context context;
    for (const auto& where : {directory.path(), directory.path() / "absent"}) {
        drain_book book(context.get_executor(), where);
        CHECK(book.load());
        CHECK(book.drains().empty());
    }
}

TEST_CASE("drain_book: what could not be read back is not stored: a reason that is no UTF-8") {
    test::temporary_directory directory;
    boost::asio::io_context context;
    drain_book book(context.get_executor(), directory.path());
    CHECK(apply(context, book, add("dns", because("\xff"))) == std::errc::illegal_byte_sequence);
    CHECK(book.drains().empty());
}

TEST_CASE("drain_book: a file that is damaged is named with what is wrong, not an empty book") {
    test::temporary_directory directory;
    boost::asio::io_context context;
    const auto file = directory.path() / "drains.json";
    drain_book book(context.get_executor(), directory.path());
    std::ofstream{file};
    CHECK(book.load().error() == file.string() + ": empty");
    std::ofstream(file) << R"({"version":1,"dra)";
    CHECK(book.load().error() == file.string() + ": cut short");
    std::filesystem::remove(file);
    std::filesystem::create_directory(file);
    CHECK(book.load().error() == file.string() + ": Is a directory");
}
