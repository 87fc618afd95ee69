#pragma once

#include "fake_daemon.hpp"

#include "herald/control/limits.hpp"
#include "herald/control/server.hpp"
#include "tests/support/temporary_directory.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace herald::control::test {

using herald::test::temporary_directory;

/// A server on a socket of its own, its loop on a thread of its own.
class world {
public:
    explicit world(const limits& bounds = {});
    world(const world&) = delete;
    world& operator=(const world&) = delete;
    ~world();

    /// Listens on a TCP port too; which it is.
    std::uint16_t listen_for_everyone();

    std::filesystem::path socket() const { return directory_.path() / "control.sock"; }

    /// Runs it where the daemon runs.
    template <typename Work>
    auto on_loop(Work work) {
        // Shared: the result is there before the loop is done with the task.
        auto task = std::make_shared<std::packaged_task<decltype(work())()>>(std::move(work));
        auto result = task->get_future();
        boost::asio::post(context_, [task] { (*task)(); });
        return result.get();
    }

    /// Looks again and again where the daemon runs until it is so, for 20 s.
    template <typename Condition>
    bool comes_true(Condition condition) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        while (std::chrono::steady_clock::now() < end) {
            if (on_loop(condition))
                return true;
            std::this_thread::yield();
        }
        return false;
    }

    /// Changes what the daemon shows, and says so.
    void change(const std::function<void(status_view&)>& edit);

private:
    temporary_directory directory_;
    boost::asio::io_context context_;

public:
    fake_daemon daemon;
    std::unique_ptr<server> served;

private:
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::thread loop_;
};

/// A client as bad as the test wants it to be. Everything is bounded by 20 s.
class client {
public:
    explicit client(const std::filesystem::path& socket);
    explicit client(std::uint16_t port); // on 127.0.0.1
    client(const client&) = delete;
    client& operator=(const client&) = delete;
    ~client();

    /// Whether all of it was taken.
    bool send(std::string_view bytes);
    void finish_sending();
    /// Up to the end of the answer's content, as Content-Length has it.
    std::string reply(bool head = false);
    /// Until what was received ends so.
    std::string until(std::string_view end);
    /// Until the server closes; "…timed out" is appended where it does not.
    std::string rest();
    int handle() const { return handle_; }

private:
    int handle_ = -1;
    std::string received_;
};

/// The whole reply to one request on a connection of its own.
std::string exchange(const std::filesystem::path& socket, std::string_view request);

/// A request without content, and one with.
std::string get(std::string_view target);
std::string post(std::string_view target, std::string_view body);

/// The bytes of an answer with this content.
std::string answer(std::string_view status, std::string_view type, std::string_view body,
                   std::string_view more = "");
std::string problem_answer(std::string_view status, std::string_view body,
                           std::string_view more = "");

struct ran {
    int status = -1;
    std::string out;
    std::string err;
    friend bool operator==(const ran&, const ran&) = default;
    friend std::ostream& operator<<(std::ostream& stream, const ran& shown) {
        return stream << shown.status << '\n' << shown.out << shown.err;
    }
};

/// Runs heraldctl, which is built beside this program, with nothing in its environment but
/// `environment`.
ran heraldctl(const std::vector<std::string>& arguments,
              const std::vector<std::string>& environment = {});

} // namespace herald::control::test
