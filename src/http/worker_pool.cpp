#include "herald/http/worker_pool.hpp"

#include <boost/asio/execution.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <sys/prctl.h>
#include <system_error>
#include <thread>
#include <utility>

namespace herald::http {

namespace asio = boost::asio;

namespace {

/// Signals are the loop's affair: one that comes here would break off a call. And capabilities that
/// a service manager gave for us to keep over an exec (capabilities(7), ambient) are not for the
/// programs of checks. Both hold for a thread and for what it starts.
void begin_thread() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

} // namespace

struct worker_pool::job {
    std::function<void()> call;
    std::function<void()> returned; // posts to the loop; only while the pool is there
    std::uint64_t id = 0;
};

/// A call for which there is no thread.
struct worker_pool::orphan {
    job left;
    std::error_code why;
};

struct worker_pool::shared {
    explicit shared(std::size_t limit) : most(limit) {}

    void work();
    bool next(job& into);
    std::optional<job> give_up_one_thread();

    const std::size_t most;
    std::mutex mutex; // of all below
    std::condition_variable changed;
    std::deque<job> jobs;
    std::size_t threads = 0;
    std::size_t idle = 0;
    bool ended = false; // changed on the loop's thread
};

/// After one more thread was not to be had: the newest call, if no other thread makes it.
std::optional<worker_pool::job> worker_pool::shared::give_up_one_thread() {
    const std::lock_guard lock(mutex);
    if (--threads > 0)
        return std::nullopt;
    auto newest = std::move(jobs.back());
    jobs.pop_back();
    return newest;
}

/// False when there will be no more.
bool worker_pool::shared::next(job& into) {
    std::unique_lock lock(mutex);
    ++idle;
    changed.wait(lock, [this] { return ended || !jobs.empty(); });
    --idle;
    if (ended)
        return false;
    into = std::move(jobs.front());
    jobs.pop_front();
    return true;
}

void worker_pool::shared::work() {
    begin_thread();
    for (job one; next(one); one = {}) {
        one.call();
        const std::lock_guard lock(mutex);
        if (ended)
            return;
        one.returned();
    }
}

worker_pool::worker_pool(std::size_t most) : shared_(std::make_shared<shared>(most)) {}

worker_pool::~worker_pool() {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->ended = true;
        shared_->jobs.clear();
    }
    shared_->changed.notify_all();
}

void worker_pool::run(const asio::any_io_executor& executor, std::function<void()> call,
                      std::function<void()> done, loop meanwhile) {
    const auto refused = begin(executor, std::move(call), std::move(done), meanwhile);
    if (!refused)
        return;
    waiting_.erase(refused->left.id);
    throw std::system_error(refused->why);
}

void worker_pool::run_even_here(const asio::any_io_executor& executor, std::function<void()> call,
                                std::function<void()> done, loop meanwhile) {
    const auto refused = begin(executor, std::move(call), std::move(done), meanwhile);
    if (!refused)
        return;
    refused->left.call();
    refused->left.returned();
}

std::optional<worker_pool::orphan> worker_pool::begin(const asio::any_io_executor& executor,
                                                      std::function<void()> call,
                                                      std::function<void()> done, loop meanwhile) {
    const auto id = ++last_id_;
    waiting_[id] = {std::move(done),
                    meanwhile == loop::waits
                        ? asio::prefer(executor, asio::execution::outstanding_work.tracked)
                        : executor};
    auto returned = [this, id, executor, held = std::weak_ptr(shared_)] {
        asio::post(executor, [this, id, held] {
            if (const auto still = held.lock(); still && !still->ended)
                finished(id);
        });
    };
    bool needs_thread = false;
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->jobs.push_back({std::move(call), std::move(returned), id});
        needs_thread = shared_->idle < shared_->jobs.size() && shared_->threads < shared_->most;
        shared_->threads += needs_thread ? 1 : 0;
    }
    if (!needs_thread) {
        shared_->changed.notify_one();
        return std::nullopt;
    }
    try {
        std::thread([held = shared_] { held->work(); }).detach();
    } catch (const std::system_error& none) {
        if (auto left = shared_->give_up_one_thread())
            return orphan{*std::move(left), none.code()};
    }
    return std::nullopt;
}

void worker_pool::finished(std::uint64_t id) {
    // The executor's work ends with this, after what `done` begins.
    const auto node = waiting_.extract(id);
    node.mapped().done();
}

} // namespace herald::http
