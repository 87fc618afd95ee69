#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace herald::control {

/// One line of JSON. Beside what Boost.JSON does: fractions as people write them (0.25, not
/// 2.5E-1), and texts that harm no terminal either (text::quoted).
std::string to_text(const boost::json::value& value);
/// The same, at the end of `out`.
void append_text(std::string& out, const boost::json::value& value);

} // namespace herald::control
