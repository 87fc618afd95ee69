#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>

namespace herald::http {

/// Threads for calls that may block: looking up a name, reading a file, starting a program. They
/// begin when they are needed, `most` at once, and hand nothing of our privileges on to a program
/// that they start. To be used from the loop's thread alone.
class worker_pool {
public:
    /// For calls of which each may hang without holding up another.
    static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

    explicit worker_pool(std::size_t most);
    /// Waits for no call, as one may hang for minutes: what such a call returns is dropped.
    ~worker_pool();
    worker_pool(const worker_pool&) = delete;
    worker_pool& operator=(const worker_pool&) = delete;

    /// Whether the loop goes on until the call has returned.
    enum class loop : std::uint8_t { waits, may_end };

    /// Makes the call on a thread, and then calls `done` on the executor. Throws std::system_error
    /// when there is no thread and none is to be had; neither is called then.
    void run(const boost::asio::any_io_executor& executor, std::function<void()> call,
             std::function<void()> done, loop meanwhile);
    /// The same for a call without which nothing goes on. When there is no thread and none is to be
    /// had, it is made here, and the loop has to wait.
    void run_even_here(const boost::asio::any_io_executor& executor, std::function<void()> call,
                       std::function<void()> done, loop meanwhile);

private:
    struct shared;
    struct job;
    struct orphan;
    struct waiting {
        std::function<void()> done;
        boost::asio::any_io_executor executor; // with work to do, if the loop is to wait
    };
    std::optional<orphan> begin(const boost::asio::any_io_executor& executor,
                                std::function<void()> call, std::function<void()> done,
                                loop meanwhile);
    void finished(std::uint64_t id);

    std::shared_ptr<shared> shared_; // with the threads, which may outlive this
    std::map<std::uint64_t, waiting> waiting_;
    std::uint64_t last_id_ = 0;
};

} // namespace herald::http
