#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

namespace herald::service {

/// Replaces a file's content again and again, by replace_file() on a thread of its own: a slow disk
/// costs no keepalive. Destroying it waits for what is to be written.
class state_writer {
public:
    /// Told, on the executor, of what is written but may be undone by a power failure, and why.
    using unsafe_observer = std::function<void(std::error_code)>;

    state_writer(boost::asio::any_io_executor executor, std::filesystem::path file,
                 unsafe_observer tell_unsafe = nullptr)
        : executor_(std::move(executor))
        , file_(std::move(file))
        , tell_unsafe_(std::move(tell_unsafe)) {}
    ~state_writer();
    state_writer(const state_writer&) = delete;
    state_writer& operator=(const state_writer&) = delete;

    const std::filesystem::path& file() const { return file_; }
    /// Whether nothing is being written, and `done` was called for everything.
    bool idle() const { return *unfinished_ == 0; }
    /// Writes `text`, then calls `done` on the executor with the error, if any: the file is as it
    /// was then. An error in place of the text is what `done` is called with. In order.
    void write(std::expected<std::string, std::error_code> text,
               std::function<void(std::error_code)> done);

private:
    struct job {
        std::expected<std::string, std::error_code> text;
        std::function<void(std::error_code)> done;
        boost::asio::any_io_executor executor; // kept from running out of work until then
    };
    std::error_code begin();
    void refuse_newest(std::error_code why);
    void run();
    std::optional<job> next();

    boost::asio::any_io_executor executor_;
    std::shared_ptr<std::size_t> unfinished_ = std::make_shared<std::size_t>(0); // jobs
    std::filesystem::path file_;
    unsafe_observer tell_unsafe_;

    std::mutex mutex_; // of the next three
    std::condition_variable changed_;
    std::deque<job> jobs_;
    bool ending_ = false;

    std::thread thread_; // from the first write on
};

} // namespace herald::service
