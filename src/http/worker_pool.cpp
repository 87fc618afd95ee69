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

struct job {
    std::function<void()> call;
    std::function<void()> returned; // posts to the loop; only while that is there
};

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

struct worker_pool::shared {
    explicit shared(std::size_t limit) : most(limit) {}

    void work();
    bool next(job& into);
    bool goes_on_without_another();

    const std::size_t most;
    std::mutex mutex; // of all below
    std::condition_variable changed;
    std::deque<job> jobs;
    std::size_t threads = 0;
    std::size_t idle = 0;
    bool ended = false;
};

/// After one more thread was not to be had: whether another one makes the newest call. If not, it
/// is forgotten.
bool worker_pool::shared::goes_on_without_another() {
    const std::lock_guard lock(mutex);
    if (--threads > 0)
        return true;
    jobs.pop_back();
    return false;
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
    const auto id = ++last_id_;
    waiting_[id] = {std::move(done),
                    meanwhile == loop::waits
                        ? asio::prefer(executor, asio::execution::outstanding_work.tracked)
                        : executor};
    bool needs_thread = false;
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->jobs.push_back({std::move(call), [this, id, executor] {
                                     asio::post(executor, [this, id] { finished(id); });
                                 }});
        needs_thread = shared_->idle < shared_->jobs.size() && shared_->threads < shared_->most;
        shared_->threads += needs_thread ? 1 : 0;
    }
    if (!needs_thread)
        return shared_->changed.notify_one();
    try {
        std::thread([held = shared_] { held->work(); }).detach();
    } catch (const std::system_error&) {
        if (shared_->goes_on_without_another())
            return;
        waiting_.erase(id);
        throw;
    }
}

void worker_pool::finished(std::uint64_t id) {
    // The executor's work ends with this, after what `done` begins.
    const auto node = waiting_.extract(id);
    node.mapped().done();
}

} // namespace herald::http
