#include "herald/daemon/drain_files.hpp"

#include "tests/support/disk.hpp"
#include "tests/support/event_loop.hpp"
#include "tests/support/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <map>

using namespace herald;
using namespace herald::daemon;
using namespace std::chrono_literals;

namespace {

/// What is told of the drain file of "dns", which may be in a directory that is not there.
struct bench {
    test::temporary_directory directory;
    std::filesystem::path file = directory.path() / "sub" / "maintenance";
    boost::asio::io_context context;
    std::map<std::string, bool> told;
    drain_files files{context.get_executor(), [this](const std::string& service, bool is_there) {
                          told[service] = is_there;
                      }};

    void start() { files.look_for({{"dns", file}}); }
    void touch() {
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file).put('x');
    }
    /// Whether that is told within a second.
    bool becomes(bool wanted, const std::string& service = "dns") {
        return test::run_until(
            context, [&] { return told.contains(service) && told[service] == wanted; }, 1s);
    }
};

} // namespace

TEST_CASE("drain_files: a file that comes or goes is seen within a second") {
    bench b;
    b.start();
    CHECK(b.becomes(false));
    b.touch();
    CHECK(b.becomes(true));
    SUBCASE("the file goes") {
        std::filesystem::remove(b.file);
    }
    SUBCASE("its whole directory does") {
        std::filesystem::remove_all(b.file.parent_path());
    }
    SUBCASE("its directory is a file now") {
        std::filesystem::remove_all(b.file.parent_path());
        std::ofstream(b.file.parent_path()).put('x');
    }
    CHECK(b.becomes(false));
}

TEST_CASE("drain_files: a change in a directory that is there is seen at once, however often") {
    bench b;
    std::filesystem::create_directories(b.file.parent_path());
    b.start();
    CHECK(b.becomes(false));
    const auto started = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) {
        b.touch();
        CHECK(b.becomes(true));
        if (i % 2 == 0)
            std::filesystem::remove(b.file);
        else
            std::filesystem::rename(b.file, b.directory.path() / "moved");
        CHECK(b.becomes(false));
    }
    CHECK(std::chrono::steady_clock::now() - started < 5s); // twice a second would be 20 s
}

TEST_CASE("drain_files: a directory that comes, goes and comes again is seen within a second") {
    bench b;
    b.start();
    for (int i = 0; i < 2; ++i) {
        b.touch();
        CHECK(b.becomes(true));
        std::filesystem::rename(b.file.parent_path(), b.directory.path() / "elsewhere");
        CHECK(b.becomes(false));
        std::filesystem::remove_all(b.directory.path() / "elsewhere");
    }
}

TEST_CASE("drain_files: a link to a file that comes and goes elsewhere is seen within a second") {
    bench b;
    const auto target = b.directory.path() / "elsewhere";
    std::filesystem::create_directories(b.file.parent_path());
    std::filesystem::create_symlink(target, b.file);
    b.start();
    CHECK(b.becomes(false));
    std::ofstream(target).put('x');
    CHECK(b.becomes(true));
    std::filesystem::remove(target);
    CHECK(b.becomes(false));
}

TEST_CASE("drain_files: a file on a server that is away keeps nobody waiting") {
    bench b;
    const auto away = b.directory.path() / "away";
    {
        const test::hung_path server(away.string());
        b.files.look_for({{"dns", b.file}, {"web", away}});
        CHECK(b.becomes(false));
        b.touch();
        CHECK(b.becomes(true));
        CHECK_FALSE(b.told.contains("web"));
    }
    CHECK(b.becomes(false, "web"));
}

TEST_CASE("drain_files: what a look brings after a reload is nobody's") {
    bench b;
    const auto away = b.directory.path() / "away";
    {
        const test::hung_path server(away.string());
        b.files.look_for({{"dns", away}});
        b.touch();
        b.files.look_for({{"dns", b.file}});
        CHECK(b.becomes(true));
    }
    b.touch(); // the other look returns: no file
    CHECK_FALSE(test::run_until(b.context, [&] { return !b.told["dns"]; }, 1s));
}

TEST_CASE("drain_files: nothing is looked for after a stop, nor without drain files") {
    bench b;
    b.start();
    CHECK(b.becomes(false));
    b.files.stop();
    b.context.restart();
    b.context.run_for(5s);
    CHECK(b.context.stopped());
    b.files.look_for({});
    b.context.restart();
    b.context.run_for(5s);
    CHECK(b.context.stopped());
}
