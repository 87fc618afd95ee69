#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace herald::peering {

/// A coroutine gets the error as a value.
constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);

} // namespace herald::peering
