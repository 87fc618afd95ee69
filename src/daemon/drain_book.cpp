#include "herald/daemon/drain_book.hpp"

#include "herald/service/state_file.hpp"

#include <chrono>
#include <fmt/format.h>
#include <utility>

namespace herald::daemon {

drain_book::drain_book(boost::asio::any_io_executor executor,
                       const std::filesystem::path& directory)
    : writer_(std::move(executor), directory / "drains.json") {}

std::expected<void, std::string> drain_book::load() {
    const auto& file = writer_.file();
    const auto text = service::read_file(file);
    if (!text && text.error() == std::errc::no_such_file_or_directory)
        return {};
    if (!text)
        return std::unexpected(fmt::format("{}: {}", file.string(), text.error().message()));
    auto stored = service::from_json(*text);
    if (!stored)
        return std::unexpected(fmt::format("{}: {}", file.string(), stored.error()));
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
    std::expected<std::string, std::error_code> text = service::to_json(changed);
    // What could not be read back would keep the daemon from starting: a reason that is not UTF-8.
    if (service::from_json(*text) != changed)
        text = std::unexpected(std::make_error_code(std::errc::illegal_byte_sequence));
    writer_.write(std::move(text), [this, changed](std::error_code error) {
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
