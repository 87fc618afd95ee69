#include "herald/service/state_writer.hpp"

#include "herald/service/state_file.hpp"

#include <boost/asio/execution.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <utility>

namespace herald::service {

namespace asio = boost::asio;

state_writer::~state_writer() {
    {
        std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable())
        thread_.join();
}

void state_writer::write(std::expected<std::string, std::error_code> text,
                         std::function<void(std::error_code)> done) {
    ++*unfinished_;
    auto tell = [done = std::move(done), unfinished = unfinished_](std::error_code error) {
        --*unfinished;
        done(error);
    };
    {
        std::lock_guard lock(mutex_);
        jobs_.push_back({std::move(text), std::move(tell),
                         asio::prefer(executor_, asio::execution::outstanding_work.tracked)});
    }
    if (const auto failed = begin())
        return refuse_newest(failed);
    changed_.notify_one();
}

/// The thread begins with the first job; none may be to be had.
std::error_code state_writer::begin() {
    if (thread_.joinable())
        return {};
    try {
        thread_ = std::thread([this] { run(); });
    } catch (const std::system_error& failed) {
        return failed.code();
    }
    return {};
}

void state_writer::refuse_newest(std::error_code why) {
    job refused;
    {
        std::lock_guard lock(mutex_);
        refused = std::move(jobs_.back());
        jobs_.pop_back();
    }
    asio::post(refused.executor, [done = std::move(refused.done), why] { done(why); });
}

/// The next job; none when there are no more to come.
std::optional<state_writer::job> state_writer::next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
    if (jobs_.empty())
        return std::nullopt;
    auto first = std::move(jobs_.front());
    jobs_.pop_front();
    return first;
}

void state_writer::run() {
    while (auto one = next()) {
        const auto how =
            one->text ? replace_file(file_, *one->text) : replacement{one->text.error(), {}};
        asio::post(one->executor, [done = std::move(one->done), how, unsafe = tell_unsafe_] {
            if (how.unsafe && unsafe)
                unsafe(how.unsafe);
            done(how.error);
        });
    }
}

} // namespace herald::service
