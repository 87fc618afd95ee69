#include "herald/daemon/config_reader.hpp"

#include "tests/support/event_loop.hpp"

#include <atomic>
#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/prefer.hpp>
#include <doctest/doctest.h>
#include <future>
#include <vector>

using namespace herald;
using namespace herald::daemon;

namespace {

/// A reading whose configuration says which one it was.
config::load_result numbered(unsigned number) {
    config::load_result result;
    result.settings.emplace();
    result.settings->local_as = number;
    return result;
}

} // namespace

TEST_CASE("config_reader: however slow the first reading is, who asks last gets the last one") {
    boost::asio::io_context context;
    std::promise<void> slow_disk;
    std::atomic<unsigned> begun = 0;
    config_reader reader(context.get_executor(), [&, released = slow_disk.get_future().share()] {
        const unsigned number = ++begun;
        if (number == 1)
            released.wait();
        return numbered(number);
    });
    std::vector<unsigned> told;
    for (int i = 0; i < 3; ++i)
        reader.ask([&](const config::load_result& loaded) {
            told.push_back(loaded.settings->local_as);
            CHECK(begun == told.size()); // the next reading has not begun
            if (told.size() == 1)
                reader.ask([&](const config::load_result& late) {
                    told.push_back(late.settings->local_as);
                });
        });
    CHECK(told.empty());
    slow_disk.set_value();
    REQUIRE(test::run_until(context, [&] { return told.size() == 4; }));
    CHECK(told == std::vector<unsigned>{1, 2, 3, 4});
}

TEST_CASE("config_reader: a reading that comes back after its end is nobody's") {
    boost::asio::io_context context;
    std::promise<void> slow_disk;
    bool told = false;
    {
        // The loop has work until the reading has come back.
        config_reader reader(boost::asio::prefer(context.get_executor(),
                                                 boost::asio::execution::outstanding_work.tracked),
                             [released = slow_disk.get_future().share()] {
                                 released.wait();
                                 return numbered(1);
                             });
        reader.ask([&](const config::load_result&) { told = true; });
    }
    slow_disk.set_value();
    context.run();
    CHECK_FALSE(told);
}
