#pragma once

#include "failure.hpp"

#include <chrono>
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

/// A name as one segment or parameter of a URL.
std::string encode(std::string_view name);

} // namespace heraldctl
