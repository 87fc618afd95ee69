#pragma once

#include "herald/http/await.hpp"
#include "herald/http/worker_pool.hpp"

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace herald::http {

/// Values that a call which may block finds, by key: the addresses of a name, the authorities in a
/// file. For each key one call is under way at a time, whoever asks meanwhile. One that takes its
/// time holds nobody up who can have the last good value.
template <class value>
class lookups {
public:
    /// The error is a line for people.
    using answer = std::expected<value, std::string>;
    /// Is made on another thread, with the last good value, if there is one.
    using call = std::function<answer(const std::optional<value>& last)>;

    explicit lookups(std::size_t most_threads,
                     std::chrono::milliseconds patience = std::chrono::milliseconds(100))
        : pool_(most_threads)
        , patience_(patience) {}

    /// What `find` finds, or what such a call is about to find that is under way. If that takes
    /// longer than the patience, the last good value, while the call goes on.
    boost::asio::awaitable<answer> get(boost::asio::any_io_executor executor, std::string key,
                                       call find);

private:
    struct entry {
        std::optional<value> last;
        std::optional<answer> newest;
        std::uint64_t calls = 0; // that returned
        bool under_way = false;
        std::vector<boost::asio::steady_timer*> waiting;
    };
    /// A timer that is cancelled when the call under way returns.
    class wait {
    public:
        wait(std::shared_ptr<entry> of, const boost::asio::any_io_executor& executor,
             std::chrono::milliseconds patience)
            : timer(executor, of->last ? std::chrono::steady_clock::now() + patience
                                       : std::chrono::steady_clock::time_point::max())
            , of_(std::move(of)) {
            of_->waiting.push_back(&timer);
        }
        ~wait() { std::erase(of_->waiting, &timer); }
        wait(const wait&) = delete;
        wait& operator=(const wait&) = delete;

        boost::asio::steady_timer timer;

    private:
        std::shared_ptr<entry> of_;
    };

    void begin(const boost::asio::any_io_executor& executor, const std::shared_ptr<entry>& of,
               call find);

    worker_pool pool_;
    std::chrono::milliseconds patience_;
    std::map<std::string, std::shared_ptr<entry>> entries_; // few: those that were configured
};

template <class value>
boost::asio::awaitable<typename lookups<value>::answer>
lookups<value>::get(boost::asio::any_io_executor executor, std::string key, call find) {
    auto& known = entries_[key];
    if (!known)
        known = std::make_shared<entry>();
    const auto of = known;
    if (!of->under_way)
        begin(executor, of, std::move(find));
    const auto before = of->calls;
    {
        wait until(of, executor, patience_);
        // How it ended is of no matter: the counter tells.
        co_await until.timer.async_wait(as_result);
    }
    if (of->calls != before)
        co_return *of->newest;
    if (of->last)
        co_return *of->last;
    throw boost::system::system_error(boost::asio::error::operation_aborted);
}

template <class value>
void lookups<value>::begin(const boost::asio::any_io_executor& executor,
                           const std::shared_ptr<entry>& of, call find) {
    const auto found = std::make_shared<answer>();
    auto made = [found, last = of->last, find = std::move(find)] {
        try {
            *found = find(last);
        } catch (const std::bad_alloc&) {
            *found = std::unexpected("out of memory");
        }
    };
    auto returned = [of, found] {
        of->under_way = false;
        ++of->calls;
        of->last = found->has_value() ? std::optional(**found) : std::nullopt;
        of->newest = std::move(*found);
        for (auto* timer : of->waiting)
            timer->cancel();
    };
    pool_.run(executor, std::move(made), std::move(returned), worker_pool::loop::may_end);
    of->under_way = true; // and not where there was no thread for it: the next who asks tries again
}

} // namespace herald::http
