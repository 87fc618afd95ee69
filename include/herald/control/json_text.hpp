#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace herald::control {

/// One line of JSON. Beside what Boost.JSON does: fractions as people write them (0.25, not
/// 2.5E-1), and bytes that are not UTF-8 (a check's output may hold any) replaced by U+FFFD.
std::string to_text(const boost::json::value& value);

} // namespace herald::control
