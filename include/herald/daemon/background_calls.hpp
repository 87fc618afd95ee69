#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

namespace herald::daemon {

/// Calls that may block for as long as a file system likes: each is on a thread of its own. To be
/// used on the loop's thread.
class background_calls {
public:
    explicit background_calls(boost::asio::any_io_executor executor);
    /// Waits for none: what a call brings after this is dropped.
    ~background_calls();
    background_calls(const background_calls&) = delete;
    background_calls& operator=(const background_calls&) = delete;

    /// Makes the call, then calls `done` on the executor.
    void make(std::function<void()> call, std::function<void()> done);

private:
    struct shared;
    std::shared_ptr<shared> shared_;
};

} // namespace herald::daemon
