#pragma once

#include "tables.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace heraldctl {

/// Members of the daemon's answers. They throw boost::system::system_error where an answer lacks
/// the member, or where it is of another type.

/// Texts, numbers and truth values as text; null as "".
std::string text_of(const boost::json::object& object, std::string_view key);
bool flag(const boost::json::object& object, std::string_view key);
std::vector<std::string> texts(const boost::json::object& object, std::string_view key);
const boost::json::array& list(const boost::json::object& object, std::string_view key);
std::string joined(const std::vector<std::string>& texts);

/// A neighbor's AS; "external" while it is not known which one.
std::string remote_as(const boost::json::object& neighbor);

/// How long ago a time was, and how long a number of seconds is: "3d04h"; "" for null.
std::string age(const boost::json::object& object, std::string_view key);
std::string duration(const boost::json::object& object, std::string_view key);

/// "3d04h, since 2025-01-31T23:59:59.250Z"; "" for null.
std::string age_and_time(const boost::json::object& object, std::string_view key);

/// How a state's name is coloured.
tone tone_of(std::string_view state);

} // namespace heraldctl
