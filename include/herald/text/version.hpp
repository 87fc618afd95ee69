#pragma once

#include <string_view>

namespace herald::text {

/// Herald's version. It is compiled into one file, so that another one compiles no more than that.
std::string_view version();

} // namespace herald::text
