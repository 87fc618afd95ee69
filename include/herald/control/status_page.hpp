#pragma once

#include "herald/control/response.hpp"

namespace herald::control {

/// The page for people at /: one HTML file, which asks for the views itself.
response status_page();

} // namespace herald::control
