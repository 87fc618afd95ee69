#include "herald/service/drain_store.hpp"

#include "tests/support/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <cstdlib>
#include <doctest/doctest.h>
#include <fstream>
#include <sstream>
#include <sys/resource.h>
#include <thread>
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

/// Saves, and runs the loop until it is done: the outstanding save keeps it running.
std::error_code saved(drain_store& store, boost::asio::io_context& io, stored_drains drains) {
    std::optional<std::error_code> result;
    store.save(std::move(drains), [&](std::error_code error) { result = error; });
    io.restart();
    io.run_for(20s);
    REQUIRE(result.has_value());
    return *result;
}

TEST_CASE("drain_store: without a file, nothing is stored") {
    boost::asio::io_context io;
    temporary_directory directory;
    CHECK(drain_store(io.get_executor(), directory.path()).load() == stored_drains());
    CHECK(drain_store(io.get_executor(), directory.path() / "absent").load() == stored_drains());
}

TEST_CASE("drain_store: what was saved is loaded, by the next program too") {
    boost::asio::io_context io;
    temporary_directory directory;
    drain_store store(io.get_executor(), directory.path());
    CHECK(saved(store, io, drains_of("dns")) == std::error_code());
    CHECK(store.load() == drains_of("dns"));
    CHECK(saved(store, io, drains_of("web")) == std::error_code());
    CHECK(drain_store(io.get_executor(), directory.path()).load() == drains_of("web"));
    CHECK(names_in(directory.path()) == std::vector<std::string>{"drains.json"});
}

TEST_CASE("drain_store: it tells on the executor, never from within save") {
    boost::asio::io_context io;
    temporary_directory directory;
    drain_store store(io.get_executor(), directory.path());
    std::thread::id told;
    store.save({}, [&](std::error_code) { told = std::this_thread::get_id(); });
    CHECK(told == std::thread::id());
    io.run_for(20s);
    CHECK(told == std::this_thread::get_id());
}

TEST_CASE("drain_store: saves are carried out in order, the last one stays") {
    boost::asio::io_context io;
    temporary_directory directory;
    drain_store store(io.get_executor(), directory.path());
    std::vector<int> order;
    std::vector<int> expected;
    for (int i = 0; i < 50; ++i) {
        store.save(drains_of(std::to_string(i)), [&order, i](std::error_code error) {
            CHECK_FALSE(error);
            order.push_back(i);
        });
        expected.push_back(i);
    }
    io.run_for(20s);
    CHECK(order == expected);
    CHECK(store.load() == drains_of("49"));
}

TEST_CASE("drain_store: its destruction waits for what is to be saved") {
    boost::asio::io_context io;
    temporary_directory directory;
    {
        drain_store store(io.get_executor(), directory.path());
        for (int i = 0; i < 20; ++i)
            store.save(drains_of(std::to_string(i)), [](std::error_code) {});
    }
    CHECK(drain_store(io.get_executor(), directory.path()).load() == drains_of("19"));
}

TEST_CASE("drain_store: a save that fails says why and leaves what was stored") {
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
    CHECK(store.load() == drains_of("web"));
}

TEST_CASE("drain_store: a rename that fails leaves no new file behind") {
    boost::asio::io_context io;
    temporary_directory directory;
    std::filesystem::create_directories(directory.path() / "drains.json" / "in-the-way");
    drain_store store(io.get_executor(), directory.path());
    CHECK(saved(store, io, drains_of("dns")) == std::errc::is_a_directory);
    CHECK(names_in(directory.path()) == std::vector<std::string>{"drains.json"});
}

TEST_CASE("drain_store: without its directory nothing can be saved") {
    boost::asio::io_context io;
    temporary_directory directory;
    drain_store store(io.get_executor(), directory.path() / "absent");
    CHECK(saved(store, io, drains_of("dns")) == std::errc::no_such_file_or_directory);
}

/// While it lives, a file of this process can have at most so many octets, as on a disk that is
/// then full.
class file_limit {
public:
    explicit file_limit(rlim_t octets) : signal_before_(std::signal(SIGXFSZ, SIG_IGN)) {
        getrlimit(RLIMIT_FSIZE, &before_);
        rlimit limit{octets, before_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~file_limit() {
        setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, signal_before_);
    }
    file_limit(const file_limit&) = delete;
    file_limit& operator=(const file_limit&) = delete;

private:
    rlimit before_{};
    void (*signal_before_)(int);
};

TEST_CASE(
    "drain_store: a file that cannot be written to its end leaves what was stored, and no new "
    "file") {
    boost::asio::io_context io;
    temporary_directory directory;
    drain_store store(io.get_executor(), directory.path());
    REQUIRE(saved(store, io, drains_of("dns")) == std::error_code());
    {
        file_limit limit(50);
        CHECK(saved(store, io, drains_of("web")) == std::errc::file_too_large);
    }
    CHECK(store.load() == drains_of("dns"));
    CHECK(names_in(directory.path()) == std::vector<std::string>{"drains.json"});
}

TEST_CASE("drain_store: a file that is damaged is named with what is wrong, and not changed") {
    boost::asio::io_context io;
    temporary_directory directory;
    auto file = directory.path() / "drains.json";
    drain_store store(io.get_executor(), directory.path());
    std::ofstream{file};
    CHECK(store.load().error() == file.string() + ": empty");
    std::ofstream(file) << R"({"version":1,"dra)";
    CHECK(store.load().error() == file.string() + ": cut short");
    CHECK(text_of(file) == R"({"version":1,"dra)");
    std::filesystem::remove(file);
    std::filesystem::create_directory(file);
    CHECK(store.load().error() == file.string() + ": Is a directory");
}

} // namespace
} // namespace herald::service
