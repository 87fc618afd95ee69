#include "herald/daemon/background_calls.hpp"

#include <boost/asio/post.hpp>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace herald::daemon {

/// With the threads, which may outlive the loop.
struct background_calls::shared {
    boost::asio::any_io_executor executor;
    std::mutex mutex; // of the next, which the loop's thread alone changes
    bool ended = false;
};

background_calls::background_calls(boost::asio::any_io_executor executor)
    : shared_(std::make_shared<shared>()) {
    shared_->executor = std::move(executor);
}

background_calls::~background_calls() {
    const std::lock_guard lock(shared_->mutex);
    shared_->ended = true;
}

void background_calls::make(std::function<void()> call, std::function<void()> done) {
    const auto job = [held = shared_, call = std::move(call), done = std::move(done)] {
        call();
        const std::lock_guard lock(held->mutex);
        if (held->ended)
            return;
        boost::asio::post(held->executor, [held, done] {
            if (!held->ended)
                done();
        });
    };
    try {
        std::thread(job).detach();
    } catch (const std::system_error&) {
        job(); // no thread is to be had: it may keep the loop waiting, and is made nevertheless
    }
}

} // namespace herald::daemon
