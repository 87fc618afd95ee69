#include "herald/daemon/drain_book.hpp"

#include <chrono>
#include <utility>

namespace herald::daemon {

drain_book::drain_book(boost::asio::any_io_executor executor,
                       const std::filesystem::path& directory)
    : store_(std::move(executor), directory) {}

std::expected<void, std::string> drain_book::load() {
    auto stored = store_.load();
    if (!stored)
        return std::unexpected(std::move(stored.error()));
    drains_ = std::move(*stored);
    auto now = std::chrono::system_clock::now();
    std::erase_if(drains_, [&](const auto& drain) {
        return drain.second.until && *drain.second.until <= now;
    });
    return {};
}

void drain_book::apply(change make, outcome tell) {
    queue_.push_back({std::move(make), std::move(tell)});
    if (queue_.size() == 1)
        save_next();
}

void drain_book::save_next() {
    auto changed = drains_;
    queue_.front().make(changed);
    store_.save(changed, [this, changed](std::error_code error) {
        if (!error)
            drains_ = changed;
        auto tell = std::move(queue_.front().tell);
        queue_.pop_front();
        if (!queue_.empty())
            save_next();
        tell(error);
    });
}

} // namespace herald::daemon
