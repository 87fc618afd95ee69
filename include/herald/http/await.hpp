#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <string>

namespace herald::http {

/// Awaits an operation whose error is a value.
inline constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);

/// "connection refused", as within a sentence.
std::string in_words(const boost::system::error_code& error);

} // namespace herald::http
