#include "herald/service/drain_store.hpp"

#include "state_file.hpp"

#include <boost/asio/execution.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <condition_variable>
#include <deque>
#include <fmt/format.h>
#include <mutex>
#include <optional>
#include <thread>

namespace herald::service {

namespace asio = boost::asio;

namespace {

struct job {
    stored_drains drains;
    std::function<void(std::error_code)> done;
    asio::any_io_executor executor; // kept from running out of work until `done` was posted
};

std::error_code store(const std::filesystem::path& file, const stored_drains& drains) {
    auto text = to_json(drains);
    // What could not be read back would keep the daemon from starting: a reason that is not UTF-8.
    if (from_json(text) != drains)
        return std::make_error_code(std::errc::illegal_byte_sequence);
    return replace_file(file, text);
}

} // namespace

struct drain_store::impl {
    asio::any_io_executor executor;
    std::filesystem::path file;

    std::mutex mutex; // of what follows
    std::condition_variable changed;
    std::deque<job> jobs;
    bool ending = false;

    std::thread writer; // from the first save on

    void run();
    std::optional<job> next();
};

/// The next job; none when there are no more to come.
std::optional<job> drain_store::impl::next() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return ending || !jobs.empty(); });
    if (jobs.empty())
        return std::nullopt;
    auto job = std::move(jobs.front());
    jobs.pop_front();
    return job;
}

void drain_store::impl::run() {
    while (auto job = next()) {
        auto error = store(file, job->drains);
        asio::post(job->executor, [done = std::move(job->done), error] { done(error); });
    }
}

drain_store::drain_store(asio::any_io_executor executor, const std::filesystem::path& directory)
    : impl_(std::make_unique<impl>()) {
    impl_->executor = std::move(executor);
    impl_->file = directory / "drains.json";
}

drain_store::~drain_store() {
    {
        std::lock_guard lock(impl_->mutex);
        impl_->ending = true;
    }
    impl_->changed.notify_one();
    if (impl_->writer.joinable())
        impl_->writer.join();
}

std::expected<stored_drains, std::string> drain_store::load() const {
    const auto& file = impl_->file;
    auto text = read_file(file);
    if (!text && text.error() == std::errc::no_such_file_or_directory)
        return stored_drains();
    if (!text)
        return std::unexpected(fmt::format("{}: {}", file.string(), text.error().message()));
    auto drains = from_json(*text);
    if (!drains)
        return std::unexpected(fmt::format("{}: {}", file.string(), drains.error()));
    return drains;
}

void drain_store::save(stored_drains drains, std::function<void(std::error_code)> done) {
    {
        std::lock_guard lock(impl_->mutex);
        impl_->jobs.push_back(
            {std::move(drains), std::move(done),
             asio::prefer(impl_->executor, asio::execution::outstanding_work.tracked)});
    }
    if (!impl_->writer.joinable())
        impl_->writer = std::thread([this] { impl_->run(); });
    impl_->changed.notify_one();
}

} // namespace herald::service
