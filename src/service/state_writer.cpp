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
    {
        std::lock_guard lock(mutex_);
        jobs_.push_back({std::move(text), std::move(done),
                         asio::prefer(executor_, asio::execution::outstanding_work.tracked)});
    }
    if (!thread_.joinable())
        thread_ = std::thread([this] { run(); });
    changed_.notify_one();
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
