#include "herald/daemon/log.hpp"

#include "herald/control/json_text.hpp"
#include "herald/text/harmless.hpp"
#include "herald/text/time.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <chrono>
#include <fmt/format.h>
#include <future>
#include <memory>
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <thread>
#include <utility>

namespace herald::daemon {
namespace {

/// Lines that may wait for a slow reader.
constexpr std::size_t queue_length = 512;

log_format chosen_format = log_format::text; // set once, while starting

spdlog::level::level_enum to_spdlog(log_level level) {
    switch (level) {
    case log_level::trace: return spdlog::level::trace;
    case log_level::debug: return spdlog::level::debug;
    case log_level::info: return spdlog::level::info;
    case log_level::warning: return spdlog::level::warn;
    case log_level::error: return spdlog::level::err;
    }
    return spdlog::level::info;
}

constexpr std::array level_names{std::string_view("trace"), std::string_view("debug"),
                                 std::string_view("info"), std::string_view("warning"),
                                 std::string_view("error")};

std::string_view name_of(log_level level) {
    return level_names[static_cast<std::size_t>(level)];
}

std::string timestamp() {
    return text::to_rfc3339(std::chrono::system_clock::now(), text::microseconds);
}

/// A value as it can stand in a line: quoted as in JSON where it has blanks or anything stranger.
void append_value(std::string& line, std::string_view value) {
    auto plain = !value.empty() && std::ranges::all_of(value, [](char c) {
        return c > ' ' && c < 0x7F && c != '"' && c != '=' && c != '\\';
    });
    line += plain ? std::string(value) : text::quoted(value);
}

std::string as_text(log_level level, std::string_view message,
                    std::initializer_list<log_field> fields) {
    auto line = fmt::format("{} {} {}", timestamp(), name_of(level), text::harmless(message));
    for (const auto& field : fields) {
        line += fmt::format(" {}=", field.key);
        append_value(line, field.value);
    }
    return line;
}

std::string as_json(log_level level, std::string_view event, std::string_view message,
                    std::initializer_list<log_field> fields) {
    boost::json::object object{{"time", timestamp()},
                               {"level", boost::json::string_view(name_of(level))},
                               {"event", boost::json::string_view(event)},
                               {"message", boost::json::string_view(message)}};
    for (const auto& field : fields)
        object[field.key] = field.value;
    return control::to_text(object);
}

} // namespace

void start_logging(const log_settings& settings) {
    chosen_format = settings.format;
    spdlog::init_thread_pool(queue_length, 1);
    auto logger = std::make_shared<spdlog::async_logger>(
        "herald", std::make_shared<spdlog::sinks::stderr_sink_mt>(), spdlog::thread_pool(),
        spdlog::async_overflow_policy::overrun_oldest);
    logger->set_pattern("%v");
    logger->flush_on(spdlog::level::trace);
    spdlog::set_default_logger(std::move(logger));
    set_log_level(settings.level);
}

void stop_logging() {
    spdlog::shutdown();
}

void stop_logging_within(std::chrono::milliseconds limit) {
    std::packaged_task<void()> stop(stop_logging);
    const auto stopped = stop.get_future();
    std::thread(std::move(stop)).detach();
    static_cast<void>(stopped.wait_for(limit));
}

void set_log_level(log_level level) {
    spdlog::set_level(to_spdlog(level));
}

bool is_logged(log_level level) {
    return spdlog::should_log(to_spdlog(level));
}

void log(log_level level, std::string_view event, std::string_view message,
         std::initializer_list<log_field> fields) {
    if (!is_logged(level))
        return;
    spdlog::log(to_spdlog(level), "{}",
                chosen_format == log_format::json ? as_json(level, event, message, fields)
                                                  : as_text(level, message, fields));
}

std::optional<log_level> parse_log_level(std::string_view text) {
    for (std::size_t i = 0; i < level_names.size(); ++i)
        if (level_names[i] == text)
            return static_cast<log_level>(i);
    return std::nullopt;
}

std::optional<log_format> parse_log_format(std::string_view text) {
    if (text == "text")
        return log_format::text;
    if (text == "json")
        return log_format::json;
    return std::nullopt;
}

} // namespace herald::daemon
