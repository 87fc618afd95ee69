#pragma once

#include "failure.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace heraldctl {

struct question {
    std::string method = "GET";
    std::string target;
    std::string body = {};
    std::chrono::milliseconds bound = std::chrono::seconds{35}; // more than the daemon takes
};

struct reply {
    unsigned status = 0;
    std::string body;
};

/// One request on a connection of its own.
result<reply> ask(const std::string& socket, const question& asked);

/// Gives the lines of an answer without end to `take`, as they come, until that fails or the daemon
/// ends it: then it has gone, or was not read fast enough. What is refused at once is the answer.
result<reply> follow(const std::string& socket, const std::string& target,
                     const std::function<result<void>(std::string_view)>& take);

/// A name as one segment or parameter of a URL.
std::string encode(std::string_view name);

} // namespace heraldctl
