// What it costs to tell many neighbors much, without sockets: bench_many_neighbors [NEIGHBORS
// [PREFIXES]]. All hear the same; what a turn of the loop would do is measured call by call.

#include "herald/bgp/export_group.hpp"
#include "herald/bgp/rib_out.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <time.h>
#include <vector>

namespace {

using namespace herald;
using clock_type = std::chrono::steady_clock;
using milliseconds = std::chrono::duration<double, std::milli>;

constexpr auto family = net::address_family::ipv4;

bgp::shared_attributes attributes(std::uint32_t med) {
    wire::path_attributes made;
    made.origin = wire::origin::igp;
    made.path = wire::as_path{{wire::as_segment::kind::sequence, {65010}}};
    made.next_hop = wire::next_hop{boost::asio::ip::make_address("192.0.2.1"), std::nullopt};
    made.med = med;
    return std::make_shared<const wire::path_attributes>(std::move(made));
}

/// The most memory that the process has had, in MiB.
double peak_memory() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:"))
            return std::strtod(line.c_str() + 6, nullptr) / 1024;
    return 0;
}

/// Of this thread: what others do meanwhile does not count. Asking takes half a microsecond.
milliseconds processor_time() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

class measurement {
public:
    measurement(std::size_t neighbors, std::size_t prefixes)
        : group_(std::make_shared<bgp::export_group>(family, wire::update_format{}))
        , neighbors_(neighbors) {
        for (std::uint32_t i = 0; i < prefixes; ++i)
            prefixes_.emplace_back(family, boost::asio::ip::address_v4(0x0A000000 + i).to_bytes(),
                                   std::uint8_t{32});
    }

    void run() {
        fmt::print("{} neighbors, {} prefixes; before: {:.1f} MiB\n", neighbors_.size(),
                   prefixes_.size(), peak_memory());
        phase("start", [this] {
            want(attributes(1));
            for (auto& neighbor : neighbors_) {
                neighbor.session_up({family});
                neighbor.join(family, group_);
            }
        });
        phase("drain", [this] { want(attributes(2)); });
        phase("drain, slow readers", [this] { want(attributes(3)); }, 1000);
        phase("refresh", [this] {
            for (auto& neighbor : neighbors_)
                neighbor.resend(family, false);
        });
        phase("flaps, uneven readers", [this] { flap(); });
        phase("another next hop", [this] {
            group_ = std::make_shared<bgp::export_group>(family, wire::update_format{});
            want(attributes(4));
            for (auto& neighbor : neighbors_)
                neighbor.join(family, group_);
        });
        phase("withdrawal of one", [this] { group_->unwant(prefixes_.front()); });
        phase("withdrawal", [this] {
            for (const auto& prefix : prefixes_)
                group_->unwant(prefix);
        });
    }

private:
    template <typename Action>
    void phase(std::string_view name, const Action& change, std::size_t room = 65536) {
        longest_ = {};
        octets_ = 0;
        const auto begin = clock_type::now();
        change();
        write_all(room);
        fmt::print("{:22} {:8.2f} ms, {:9} octets, longest call {:.3f} ms, peak {:.1f} MiB\n", name,
                   milliseconds(clock_type::now() - begin).count(), octets_, longest_.count(),
                   peak_memory());
    }

    template <typename Action>
    void timed(const Action& action) {
        const auto begin = processor_time();
        action();
        longest_ = std::max(longest_, processor_time() - begin);
    }

    void want(const bgp::shared_attributes& with) {
        timed([&] { group_->want(prefixes_.front(), with); }); // forgets what was known before
        for (const auto& prefix : prefixes_)
            group_->want(prefix, with);
    }

    void write_all(std::size_t room) {
        for (bool more = true; more;) {
            more = false;
            for (auto& neighbor : neighbors_)
                more |= write(neighbor, room);
        }
    }

    /// Everything changes ten times, and each neighbor has read some other part of it meanwhile.
    void flap() {
        std::minstd_rand random;
        for (std::uint32_t round = 0; round < 10; ++round) {
            want(attributes(10 + round));
            for (auto& neighbor : neighbors_)
                write(neighbor, 1 + random() % 16384);
        }
    }

    /// As a socket with so much room takes it.
    bool write(bgp::rib_out& neighbor, std::size_t room) {
        pieces_.clear();
        timed([&] { neighbor.gather(pieces_, room); });
        std::size_t count = 0;
        for (const auto piece : pieces_) {
            const auto part = piece.first(std::min(piece.size(), room - count));
            std::memcpy(sink_.data() + count, part.data(), part.size());
            count += part.size();
        }
        neighbor.wrote(count);
        octets_ += count;
        return count > 0;
    }

    std::shared_ptr<bgp::export_group> group_;
    std::vector<bgp::rib_out> neighbors_;
    std::vector<net::ip_prefix> prefixes_;
    std::vector<wire::octets> pieces_;
    std::vector<std::uint8_t> sink_ = std::vector<std::uint8_t>(65536);
    milliseconds longest_{};
    std::size_t octets_ = 0;
};

} // namespace

int main(int argc, char** argv) {
    const auto argument = [&](int index, std::size_t otherwise) {
        return argc > index ? std::strtoul(argv[index], nullptr, 10) : otherwise;
    };
    measurement(argument(1, 500), argument(2, 10'000)).run();
    return 0;
}
