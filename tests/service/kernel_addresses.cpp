#include "herald/service/kernel_addresses.hpp"

#include "tests/support/event_loop.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>
#include <optional>
#include <sys/resource.h>
#include <unistd.h>

namespace herald::service {
namespace {

/// While it lives, this process can open so many more files.
class descriptor_limit {
public:
    explicit descriptor_limit(rlim_t more) {
        const int next = ::dup(0);
        ::close(next);
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit limit{static_cast<rlim_t>(next) + more, before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    ~descriptor_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    descriptor_limit(const descriptor_limit&) = delete;
    descriptor_limit& operator=(const descriptor_limit&) = delete;

private:
    rlimit before_{};
};

const auto address = boost::asio::ip::make_address("192.0.2.53");

} // namespace

TEST_CASE("kernel_addresses: what could be opened only in part can be opened later") {
    boost::asio::io_context context;
    kernel_addresses kernel(context.get_executor());
    // Also for UBSan, which needs a descriptor to look at an object for the first time.
    CHECK_FALSE(kernel.is_open());
    for (const rlim_t more : {0U, 1U}) {
        const descriptor_limit limit(more);
        CHECK_FALSE(kernel.open([] {}));
        CHECK_FALSE(kernel.is_open());
    }
    CHECK(kernel.open([] {}));
    CHECK(kernel.is_open());
}

TEST_CASE("kernel_addresses: the kernel is asked beside the loop, which is told of the answer") {
    boost::asio::io_context context;
    kernel_addresses kernel(context.get_executor());
    REQUIRE(kernel.open([] {}));
    std::optional<std::expected<bool, std::string>> added;
    std::optional<std::expected<void, std::string>> removed;
    kernel.add(address, "missing0", [&](auto how) { added = how; });
    kernel.remove(address, "missing0", [&](auto how) { removed = how; });
    kernel.finish();
    CHECK_FALSE(added);
    REQUIRE(test::run_until(context, [&] { return added && removed; }));
    CHECK(added->error() == "there is no interface missing0");
    CHECK(removed->has_value()); // with the interface its addresses are gone
}

TEST_CASE("kernel_addresses: what is answered when it has gone reaches nobody") {
    boost::asio::io_context context;
    bool told = false;
    {
        kernel_addresses kernel(context.get_executor());
        REQUIRE(kernel.open([] {}));
        kernel.add(address, "missing0", [&](const auto&) { told = true; });
    }
    context.run();
    CHECK_FALSE(told);
}

} // namespace herald::service
