#include "herald/service/state_writer.hpp"

#include "herald/service/state_file.hpp"

#include "tests/support/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <optional>
#include <sys/resource.h>
#include <thread>
#include <vector>

namespace herald::service {
namespace {

using namespace std::chrono_literals;

using test::temporary_directory;

std::vector<std::string> names_in(const std::filesystem::path& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
        names.push_back(entry.path().filename());
    return names;
}

/// Writes, and runs the loop until it is done: the outstanding write keeps it running.
std::error_code written(state_writer& writer, boost::asio::io_context& io,
                        std::expected<std::string, std::error_code> text) {
    std::optional<std::error_code> result;
    writer.write(std::move(text), [&](std::error_code error) { result = error; });
    io.restart();
    io.run_for(20s);
    REQUIRE(result.has_value());
    return *result;
}

struct bench {
    temporary_directory directory;
    boost::asio::io_context io;
    std::filesystem::path file = directory.path() / "drains.json";
    state_writer writer{io.get_executor(), file};
};

TEST_CASE("state_writer: what was written is there, and nothing beside it") {
    bench b;
    CHECK(read_file(b.file).error() == std::errc::no_such_file_or_directory);
    CHECK(written(b.writer, b.io, "one") == std::error_code());
    CHECK(read_file(b.file) == "one");
    CHECK(written(b.writer, b.io, "two") == std::error_code());
    CHECK(read_file(b.file) == "two");
    CHECK(names_in(b.directory.path()) == std::vector<std::string>{"drains.json"});
}

TEST_CASE("state_writer: it tells on the executor, never from within write") {
    bench b;
    std::thread::id told;
    b.writer.write("one", [&](std::error_code) { told = std::this_thread::get_id(); });
    CHECK(told == std::thread::id());
    b.io.run_for(20s);
    CHECK(told == std::this_thread::get_id());
}

TEST_CASE("state_writer: writes are carried out in order, the last one stays") {
    bench b;
    std::vector<int> order;
    std::vector<int> expected;
    for (int i = 0; i < 50; ++i) {
        b.writer.write(std::to_string(i), [&order, i](std::error_code error) {
            CHECK_FALSE(error);
            order.push_back(i);
        });
        expected.push_back(i);
    }
    b.io.run_for(20s);
    CHECK(order == expected);
    CHECK(read_file(b.file) == "49");
}

TEST_CASE("state_writer: its destruction waits for what is to be written") {
    boost::asio::io_context io;
    temporary_directory directory;
    const auto file = directory.path() / "drains.json";
    {
        state_writer writer(io.get_executor(), file);
        for (int i = 0; i < 20; ++i)
            writer.write(std::to_string(i), [](std::error_code) {});
    }
    CHECK(read_file(file) == "19");
}

TEST_CASE("state_writer: a write that fails says why and leaves what was there") {
    bench b;
    REQUIRE(written(b.writer, b.io, "one") == std::error_code());
    SUBCASE("there is nothing to write") {
        const auto error = std::make_error_code(std::errc::illegal_byte_sequence);
        CHECK(written(b.writer, b.io, std::unexpected(error)) == error);
    }
    SUBCASE("the new file cannot be made") {
        std::filesystem::create_directory(b.directory.path() / "drains.json.new");
        CHECK(written(b.writer, b.io, "two") == std::errc::is_a_directory);
        std::filesystem::remove(b.directory.path() / "drains.json.new");
    }
    CHECK(read_file(b.file) == "one");
    CHECK(names_in(b.directory.path()) == std::vector<std::string>{"drains.json"});
    CHECK(written(b.writer, b.io, "two") == std::error_code());
    CHECK(read_file(b.file) == "two");
}

TEST_CASE("state_writer: a rename that fails leaves no new file behind") {
    bench b;
    std::filesystem::create_directories(b.file / "in-the-way");
    CHECK(written(b.writer, b.io, "one") == std::errc::is_a_directory);
    CHECK(names_in(b.directory.path()) == std::vector<std::string>{"drains.json"});
}

TEST_CASE("state_writer: without its directory nothing can be written") {
    bench b;
    state_writer writer(b.io.get_executor(), b.directory.path() / "absent" / "drains.json");
    CHECK(written(writer, b.io, "one") == std::errc::no_such_file_or_directory);
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

TEST_CASE("state_writer: a full disk leaves what was there, and no new file") {
    bench b;
    REQUIRE(written(b.writer, b.io, "one") == std::error_code());
    {
        file_limit limit(50);
        CHECK(written(b.writer, b.io, std::string(100, 'x')) == std::errc::file_too_large);
    }
    CHECK(read_file(b.file) == "one");
    CHECK(names_in(b.directory.path()) == std::vector<std::string>{"drains.json"});
}

} // namespace
} // namespace herald::service
