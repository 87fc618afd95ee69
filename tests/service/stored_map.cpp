#include "herald/service/stored_map.hpp"

#include "herald/service/stored_drains.hpp"
#include "tests/support/disk.hpp"
#include "tests/support/event_loop.hpp"
#include "tests/support/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>
#include <fstream>
#include <sstream>
#include <vector>

namespace herald::service {
namespace {

using namespace std::chrono_literals;

using test::temporary_directory;

stored_drains drains_of(const std::string& service) {
    return {{service, {.since = {}, .until = {}, .immediate = true, .reason = "test", .by = {}}}};
}

std::string text_of(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

std::vector<std::string> names_in(const std::filesystem::path& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
        names.push_back(entry.path().filename());
    return names;
}

/// drains.json in this directory.
struct drain_store : stored_map<drain> {
    drain_store(const boost::asio::any_io_executor& executor,
                const std::filesystem::path& directory)
        : stored_map(executor, directory / "drains.json", {to_json, from_json}) {}

    void save(const stored_drains& drains, outcome tell) {
        apply([drains](stored_drains& all) { all = drains; }, std::move(tell));
    }
};

/// What the next program finds, or the error.
std::expected<stored_drains, std::string> loaded(const boost::asio::any_io_executor& executor,
                                                 const std::filesystem::path& directory) {
    drain_store next(executor, directory);
    if (auto read = next.load(); !read)
        return std::unexpected(read.error());
    return next.all();
}

/// Saves, and runs the loop until it is done: the outstanding save keeps it running.
std::error_code saved(drain_store& store, boost::asio::io_context& io, stored_drains drains) {
    std::optional<std::error_code> result;
    store.save(std::move(drains), [&](std::error_code error) { result = error; });
    io.restart();
    io.run_for(20s);
    REQUIRE(result.has_value());
    return *result;
}

TEST_CASE("stored_map: without a file, nothing is stored") {
    boost::asio::io_context io;
    temporary_directory directory;
    CHECK(loaded(io.get_executor(), directory.path()) == stored_drains());
    CHECK(loaded(io.get_executor(), directory.path() / "absent") == stored_drains());
}

TEST_CASE("stored_map: what was saved is loaded, by the next program too") {
    boost::asio::io_context io;
    temporary_directory directory;
    drain_store store(io.get_executor(), directory.path());
    CHECK(saved(store, io, drains_of("dns")) == std::error_code());
    CHECK(loaded(io.get_executor(), directory.path()) == drains_of("dns"));
    CHECK(saved(store, io, drains_of("web")) == std::error_code());
    CHECK(loaded(io.get_executor(), directory.path()) == drains_of("web"));
    CHECK(names_in(directory.path()) == std::vector<std::string>{"drains.json"});
}

TEST_CASE("stored_map: its destruction waits for what is being saved") {
    boost::asio::io_context io;
    temporary_directory directory;
    {
        drain_store store(io.get_executor(), directory.path());
        store.save(drains_of("dns"), [](std::error_code) {});
    }
    CHECK(loaded(io.get_executor(), directory.path()) == drains_of("dns"));
}

TEST_CASE("stored_map: a save that fails says why and leaves what was stored") {
    boost::asio::io_context io;
    temporary_directory directory;
    drain_store store(io.get_executor(), directory.path());
    REQUIRE(saved(store, io, drains_of("dns")) == std::error_code());
    auto before = text_of(directory.path() / "drains.json");

    SUBCASE("it could not be read back: no UTF-8") {
        auto unreadable = drains_of("web");
        unreadable["web"].reason = "\xff";
        CHECK(saved(store, io, unreadable) == std::errc::illegal_byte_sequence);
    }
    SUBCASE("the new file cannot be made") {
        std::filesystem::create_directory(directory.path() / "drains.json.new");
        CHECK(saved(store, io, drains_of("web")) == std::errc::is_a_directory);
        std::filesystem::remove(directory.path() / "drains.json.new");
    }
    CHECK(text_of(directory.path() / "drains.json") == before);
    CHECK(names_in(directory.path()) == std::vector<std::string>{"drains.json"});
    CHECK(saved(store, io, drains_of("web")) == std::error_code());
    CHECK(loaded(io.get_executor(), directory.path()) == drains_of("web"));
}

TEST_CASE("stored_map: a file that is damaged is named with what is wrong, and not changed") {
    boost::asio::io_context io;
    temporary_directory directory;
    auto file = directory.path() / "drains.json";
    drain_store store(io.get_executor(), directory.path());
    std::ofstream{file};
    CHECK(loaded(io.get_executor(), directory.path()).error() == file.string() + ": empty");
    std::ofstream(file) << R"({"version":1,"dra)";
    CHECK(loaded(io.get_executor(), directory.path()).error() == file.string() + ": cut short");
    CHECK(text_of(file) == R"({"version":1,"dra)");
    std::filesystem::remove(file);
    std::filesystem::create_directory(file);
    CHECK(loaded(io.get_executor(), directory.path()).error() ==
          file.string() + ": Is a directory");
}

TEST_CASE("stored_map: a change is there once it is on disk, not before") {
    boost::asio::io_context io;
    temporary_directory directory;
    drain_store store(io.get_executor(), directory.path());
    test::disk_is disk(test::disk::hangs);
    store.save(drains_of("dns"), [](std::error_code) {});
    disk.await_writer();
    io.poll();
    CHECK(store.all().empty());
    disk.become(test::disk::good);
    REQUIRE(test::run_until(io, [&] { return !store.all().empty(); }));
}

TEST_CASE("stored_map: what is in its place is in force, though a power failure might undo it") {
    boost::asio::io_context io;
    temporary_directory directory;
    drain_store store(io.get_executor(), directory.path());
    const test::disk_is disk(test::disk::fails_with_directories_alone);
    CHECK_FALSE(saved(store, io, drains_of("dns")));
    CHECK(store.all() == drains_of("dns"));
    CHECK(loaded(io.get_executor(), directory.path()) == drains_of("dns"));
}

TEST_CASE("stored_map: what could not be made safe before it is in place is not in force") {
    boost::asio::io_context io;
    temporary_directory directory;
    drain_store store(io.get_executor(), directory.path());
    const test::disk_is disk(test::disk::fails);
    CHECK(saved(store, io, drains_of("dns")) == std::errc::io_error);
    CHECK(store.all().empty());
    CHECK(names_in(directory.path()).empty());
}

} // namespace
} // namespace herald::service
