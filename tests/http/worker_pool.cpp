#include "herald/http/worker_pool.hpp"

#include "tests/support/event_loop.hpp"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <doctest/doctest.h>
#include <future>
#include <memory>
#include <pthread.h>
#include <string>
#include <system_error>
#include <thread>

namespace herald::http {
namespace {

/// While it lives, no thread is to be had: their stacks would be larger than all memory.
class no_threads {
public:
    no_threads() {
        pthread_getattr_default_np(&before_);
        pthread_attr_t huge;
        pthread_attr_init(&huge);
        pthread_attr_setstacksize(&huge, std::size_t{1} << 50U);
        REQUIRE(pthread_setattr_default_np(&huge) == 0);
        pthread_attr_destroy(&huge);
    }
    ~no_threads() {
        pthread_setattr_default_np(&before_);
        pthread_attr_destroy(&before_);
    }
    no_threads(const no_threads&) = delete;
    no_threads& operator=(const no_threads&) = delete;

private:
    pthread_attr_t before_{};
};

/// A pool, and what its calls have done.
struct bench {
    explicit bench(std::size_t most) : pool(std::make_unique<worker_pool>(most)) {}

    std::function<void()> call(char name) {
        return [this, name] {
            made += name;
            by = std::this_thread::get_id();
        };
    }
    std::function<void()> done(char name) {
        return [this, name] { told += name; };
    }
    void run(char name) {
        pool->run(context.get_executor(), call(name), done(name), worker_pool::loop::waits);
    }
    void run_even_here(char name) {
        pool->run_even_here(context.get_executor(), call(name), done(name),
                            worker_pool::loop::waits);
    }

    boost::asio::io_context context;
    std::unique_ptr<worker_pool> pool;
    std::string made; // by one thread at a time
    std::string told;
    std::atomic<std::thread::id> by;
};

/// A call that hangs until it is released, begun.
struct hanging {
    explicit hanging(bench& b, worker_pool::loop meanwhile = worker_pool::loop::waits) {
        b.pool->run(
            b.context.get_executor(),
            [this, released = end.get_future().share()] {
                begun.set_value();
                released.wait();
            },
            [this] { returned = true; }, meanwhile);
        begun.get_future().wait();
    }

    std::promise<void> begun, end;
    bool returned = false;
};

TEST_CASE(
    "worker_pool: a call is made on another thread, and the loop hears that it has returned") {
    bench b(1);
    b.run('a');
    b.run_even_here('b');
    CHECK(b.told.empty());
    b.context.run();
    CHECK(b.made == "ab");
    CHECK(b.told == "ab");
    CHECK(b.by.load() != std::this_thread::get_id());
}

TEST_CASE("worker_pool: without a limit none waits for another that hangs") {
    bench b(worker_pool::unlimited);
    hanging first(b), second(b);
    b.run('a');
    CHECK(test::run_until(b.context, [&] { return b.told == "a"; }));
    CHECK_FALSE(first.returned);
    first.end.set_value();
    second.end.set_value();
    b.context.run();
    CHECK(first.returned);
    CHECK(second.returned);
}

TEST_CASE("worker_pool: the loop ends before a call for which it need not wait") {
    bench b(1);
    hanging first(b, worker_pool::loop::may_end);
    b.context.run();
    CHECK_FALSE(first.returned);
    first.end.set_value();
}

TEST_CASE(
    "worker_pool: what returns after its end is nobody's, nor what the loop was told before") {
    bench b(1);
    b.run('a');
    hanging second(b); // so the loop was told of the first
    CHECK(b.made == "a");
    b.pool.reset();
    second.end.set_value();
    b.context.run();
    CHECK(b.told.empty());
    CHECK_FALSE(second.returned);
}

TEST_CASE("worker_pool: without any thread a call is refused, or made here if it must be") {
    bench b(4);
    {
        const no_threads left;
        CHECK_THROWS_AS(b.run('a'), std::system_error);
        b.context.restart(); // the loop had nothing else to do
        b.run_even_here('b');
        CHECK(b.made == "b");
        CHECK(b.by.load() == std::this_thread::get_id());
        CHECK(b.told.empty()); // never from within
        b.context.run();
        CHECK(b.told == "b");
    }
    b.context.restart();
    b.run('c');
    b.context.run();
    CHECK(b.told == "bc");
    CHECK(b.by.load() != std::this_thread::get_id());
}

TEST_CASE("worker_pool: without one more thread, those that are there make the call") {
    bench b(4);
    hanging first(b);
    {
        const no_threads more;
        b.run('a');
        b.run_even_here('b');
    }
    CHECK(b.made.empty());
    first.end.set_value();
    b.context.run();
    CHECK(b.told == "ab");
}

} // namespace
} // namespace herald::http
