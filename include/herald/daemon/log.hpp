#pragma once

#include "herald/daemon/daemon_settings.hpp"

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace herald::daemon {

/// One key and value beside a log line's text.
struct log_field {
    std::string_view key;
    std::string value;
};

/// Starts logging to stderr, from a thread of its own: a reader of stderr that stalls costs lines
/// (the oldest that wait), never a keepalive.
void start_logging(const log_settings& settings);
/// Writes what waits and ends the thread.
void stop_logging();
/// The same, but a reader of stderr that stalls keeps it no longer than this.
void stop_logging_within(std::chrono::milliseconds limit);
void set_log_level(log_level level);

/// Whether such lines are written at present: what is said often need not be put together else.
bool is_logged(log_level level);

/// Writes one line: as text `TIME LEVEL message key=value …`, as JSON one object with `time`,
/// `level`, `event`, `message` and the fields. Times are RFC 3339 in UTC with microseconds.
/// Texts are made harmless, see text/harmless.hpp.
void log(log_level level, std::string_view event, std::string_view message,
         std::initializer_list<log_field> fields = {});

std::optional<log_level> parse_log_level(std::string_view text);
std::optional<log_format> parse_log_format(std::string_view text);

} // namespace herald::daemon
