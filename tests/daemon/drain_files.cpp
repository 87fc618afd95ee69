#include "herald/daemon/drain_files.hpp"

#include "tests/support/event_loop.hpp"
#include "tests/support/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>

using namespace herald;
using namespace herald::daemon;
using namespace std::chrono_literals;
using service::administration;

namespace {

struct nobody final : service_observer {
    void service_changed(managed_service&) override {}
    void check_ran(const managed_service&, const health::check&, bool) override {}
    void drain_expired(managed_service&, const service::stored_drain&) override {}
};

/// A service without checks, whose drain file may be in a directory that is not there.
struct bench {
    test::temporary_directory directory;
    std::filesystem::path file = directory.path() / "sub" / "maintenance";
    boost::asio::io_context context;
    nobody observer;
    std::vector<std::unique_ptr<managed_service>> services;
    drain_files files{context.get_executor(), services};

    explicit bench(std::chrono::milliseconds drain_time = 0ms) {
        config::service_entry entry;
        entry.service.name = "dns";
        entry.service.drain_time = drain_time;
        entry.service.drain_file = file;
        services.push_back(
            std::make_unique<managed_service>(context.get_executor(), entry, observer));
    }
    void touch() {
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file).put('x');
    }
    /// Whether it comes to that within a second.
    bool becomes(administration wanted) {
        return test::run_until(
            context, [&] { return services[0]->administration() == wanted; }, 1s);
    }
};

} // namespace

TEST_CASE("drain_files: a file that comes drains within a second, one that goes ends that") {
    bench b;
    b.files.start();
    b.services[0]->start();
    CHECK(b.services[0]->administration() == administration::active);
    b.touch();
    CHECK(b.becomes(administration::drained));
    CHECK(b.services[0]->current_drains().at(service::drain_source::by_file).by == b.file);
    SUBCASE("the file") {
        std::filesystem::remove(b.file);
    }
    SUBCASE("its whole directory") {
        std::filesystem::remove_all(b.file.parent_path());
    }
    SUBCASE("its directory is a file now") {
        std::filesystem::remove_all(b.file.parent_path());
        std::ofstream(b.file.parent_path()).put('x');
    }
    CHECK(b.becomes(administration::active));
    CHECK(b.services[0]->current_drains().empty());
}

TEST_CASE("drain_files: a change in a directory that is there is seen at once, however often") {
    bench b;
    std::filesystem::create_directories(b.file.parent_path());
    b.files.start();
    b.services[0]->start();
    const auto started = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) {
        b.touch();
        CHECK(b.becomes(administration::drained));
        if (i % 2 == 0)
            std::filesystem::remove(b.file);
        else
            std::filesystem::rename(b.file, b.directory.path() / "moved");
        CHECK(b.becomes(administration::active));
    }
    CHECK(std::chrono::steady_clock::now() - started < 5s); // twice a second would be 20 s
}

TEST_CASE("drain_files: a directory that comes, goes and comes again is seen within a second") {
    bench b;
    b.files.start();
    b.services[0]->start();
    for (int i = 0; i < 2; ++i) {
        b.touch();
        CHECK(b.becomes(administration::drained));
        std::filesystem::rename(b.file.parent_path(), b.directory.path() / "elsewhere");
        CHECK(b.becomes(administration::active));
        std::filesystem::remove_all(b.directory.path() / "elsewhere");
    }
}

TEST_CASE("drain_files: a link to a file that comes and goes elsewhere is seen within a second") {
    bench b;
    const auto target = b.directory.path() / "elsewhere";
    std::filesystem::create_directories(b.file.parent_path());
    std::filesystem::create_symlink(target, b.file);
    b.files.start();
    b.services[0]->start();
    std::ofstream(target).put('x');
    CHECK(b.becomes(administration::drained));
    std::filesystem::remove(target);
    CHECK(b.becomes(administration::active));
}

TEST_CASE("drain_files: the drain has its stages, but not where the file was there at the start") {
    bench later(1h);
    later.files.start();
    later.services[0]->start();
    later.touch();
    CHECK(later.becomes(administration::draining));

    bench before(1h);
    before.touch();
    before.files.start();
    before.services[0]->start();
    CHECK(before.services[0]->administration() == administration::drained);
}

TEST_CASE("drain_files: nothing is looked for after a stop, nor without drain files") {
    bench b;
    b.files.start();
    b.files.stop();
    b.context.run_for(5s);
    CHECK(b.context.stopped());
    b.services.clear();
    b.context.restart();
    b.files.start();
    b.context.run_for(5s);
    CHECK(b.context.stopped());
}
