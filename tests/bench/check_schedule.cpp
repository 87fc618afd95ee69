// How punctual many checks are: bench_check_schedule [CHECKS [SECONDS]]. Each connects to a port of
// this process once a second; what is measured is when its runs begin, against the beat that its
// first run began, and what that costs.

#include "herald/health/check.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <sys/resource.h>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using milliseconds = std::chrono::duration<double, std::milli>;
using clock_type = std::chrono::steady_clock;

/// The processor time of the calling thread.
milliseconds processor_time() {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/// Accepts and closes, in a thread of its own.
class service {
public:
    service() : acceptor_(io_, {boost::asio::ip::make_address("127.0.0.1"), 0}) {
        accept();
        thread_ = std::thread([this] { io_.run(); });
    }
    ~service() {
        io_.stop();
        thread_.join();
    }
    service(const service&) = delete;
    service& operator=(const service&) = delete;
    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

private:
    void accept() {
        acceptor_.async_accept(
            [this](const boost::system::error_code&, const tcp::socket&) { accept(); });
    }

    boost::asio::io_context io_{1};
    tcp::acceptor acceptor_;
    std::thread thread_;
};

/// When a check's runs began, against its beat.
class punctuality {
public:
    void add(clock_type::time_point begun, std::vector<double>& errors) {
        if (runs_++ == 0)
            first_ = begun;
        else
            errors.push_back(milliseconds(begun - first_ - (runs_ - 1) * 1s).count());
    }
    unsigned runs() const { return runs_; }

private:
    clock_type::time_point first_;
    unsigned runs_ = 0;
};

void print(std::vector<double> errors) {
    for (auto& error : errors)
        error = std::abs(error);
    std::sort(errors.begin(), errors.end());
    auto at = [&](double part) {
        return errors[static_cast<std::size_t>(part * static_cast<double>(errors.size() - 1))];
    };
    fmt::print("timing error, ms: p50 {:.3f}  p99 {:.3f}  max {:.3f}\n", at(0.5), at(0.99), at(1));
}

void measure(std::size_t count, unsigned seconds) {
    service there;
    boost::asio::io_context io{1};
    herald::health::check_settings settings;
    settings.interval = 1s;
    settings.rise = 1;
    settings.probe = herald::health::tcp_settings{"127.0.0.1", there.port(), "", ""};
    std::vector<punctuality> seen(count);
    std::vector<double> errors;
    std::size_t failures = 0;
    std::vector<std::unique_ptr<herald::health::check>> checks;
    for (auto& one : seen)
        checks.push_back(std::make_unique<herald::health::check>(
            io.get_executor(), settings, [&](const herald::health::check& self, bool) {
                const auto& status = self.status();
                failures += status.last->outcome == herald::health::verdict::pass ? 0 : 1;
                one.add(status.last_run - status.last->duration, errors);
            }));
    const auto before = processor_time();
    for (const auto& check : checks)
        check->start();
    io.run_for(std::chrono::seconds(seconds));
    const auto spent = processor_time() - before;
    const auto [fewest, most] = std::ranges::minmax(seen, {}, &punctuality::runs);
    fmt::print("{} checks at 1 s for {} s: {} to {} runs each, {} failed\n", count, seconds,
               fewest.runs(), most.runs(), failures);
    print(std::move(errors));
    fmt::print("processor: {:.1f} % of a core, {:.0f} us a run\n", spent.count() / 10 / seconds,
               spent.count() * 1000 / static_cast<double>(count * seconds));
}

} // namespace

int main(int argc, char** argv) {
    const auto argument = [&](int index, unsigned otherwise) {
        return argc > index ? static_cast<unsigned>(std::strtoul(argv[index], nullptr, 10))
                            : otherwise;
    };
    measure(argument(1, 1000), std::max(argument(2, 20), 2U));
    return 0;
}
