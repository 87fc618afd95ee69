#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>

namespace herald::test {

/// Runs the loop until `condition` holds; false when it does not within the bound. Nothing sleeps:
/// each turn ends with an event.
inline bool run_until(boost::asio::io_context& context, const std::function<bool()>& condition,
                      std::chrono::milliseconds bound = std::chrono::seconds(5)) {
    auto end = std::chrono::steady_clock::now() + bound;
    while (!condition()) {
        auto left = end - std::chrono::steady_clock::now();
        if (left <= std::chrono::nanoseconds(0))
            return false;
        if (context.stopped())
            context.restart();
        context.run_one_for(left);
    }
    return true;
}

} // namespace herald::test
