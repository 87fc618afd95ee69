#include "herald/config/configuration.hpp"
#include "herald/daemon/daemon.hpp"
#include "herald/daemon/log.hpp"
#include "herald/daemon/planned_restart.hpp"
#include "herald/daemon/rehearsal.hpp"
#include "herald/daemon/signals.hpp"
#include "herald/daemon/state_directory.hpp"
#include "herald/text/version.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/program_options.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <expected>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace config = herald::config;
namespace daemon_ns = herald::daemon;

constexpr int exit_stopped = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

constexpr const char* usage = R"(Usage: heraldd [OPTION]...
Announces anycast prefixes over BGP while their services are healthy.

  --config FILE          the configuration (default /etc/herald/herald.toml)
  --check                check the configuration and exit
  --log-level LEVEL      trace, debug, info, warning or error
  --log-format FORMAT    text or json
  --version              print the version and exit
  --help                 print this and exit

See heraldd(8) and herald.toml(5).
)";

struct command_line {
    std::string config = "/etc/herald/herald.toml";
    bool check = false;
    std::optional<daemon_ns::log_level> level;
    std::optional<daemon_ns::log_format> format;
};

[[noreturn]] void usage_error(const std::string& what) {
    fmt::print(stderr, "heraldd: {}\nTry 'heraldd --help'.\n", what);
    std::exit(exit_usage);
}

[[noreturn]] void print_and_exit(const std::string& text) {
    fmt::print("{}", text);
    std::exit(std::fflush(stdout) == 0 ? exit_stopped : exit_failed);
}

command_line parse(int argc, char** argv) {
    namespace po = boost::program_options;
    po::options_description options;
    options.add_options()("config", po::value<std::string>())("check", "")(
        "log-level", po::value<std::string>())("log-format",
                                               po::value<std::string>())("version", "")("help", "");
    po::variables_map given;
    try {
        using namespace po::command_line_style;
        po::store(po::command_line_parser(argc, argv)
                      .options(options)
                      .positional({})
                      .style(unix_style & ~allow_guessing)
                      .run(),
                  given);
    } catch (const po::error& error) {
        usage_error(error.what());
    }
    if (given.contains("help"))
        print_and_exit(usage);
    if (given.contains("version"))
        print_and_exit(fmt::format("heraldd {}\n", herald::text::version()));
    command_line chosen;
    chosen.check = given.contains("check");
    if (given.contains("config"))
        chosen.config = given["config"].as<std::string>();
    if (given.contains("log-level")) {
        chosen.level = daemon_ns::parse_log_level(given["log-level"].as<std::string>());
        if (!chosen.level)
            usage_error("--log-level takes trace, debug, info, warning or error");
    }
    if (given.contains("log-format")) {
        chosen.format = daemon_ns::parse_log_format(given["log-format"].as<std::string>());
        if (!chosen.format)
            usage_error("--log-format takes text or json");
    }
    return chosen;
}

std::filesystem::path state_path(const daemon_ns::state_settings& settings) {
    if (settings.directory)
        return *settings.directory;
    const char* given = std::getenv("STATE_DIRECTORY");
    return given != nullptr && *given != '\0' ? given : "/var/lib/herald";
}

int try_start(const config::configuration& settings, const std::string& file) {
    const auto possible = daemon_ns::rehearse(settings, file, state_path(settings.state));
    if (!possible)
        fmt::print(stderr, "{}\n", possible.error());
    return possible ? exit_stopped : exit_failed;
}

int fail(const std::string& why) {
    daemon_ns::log(daemon_ns::log_level::error, "failed", why);
    daemon_ns::stop_logging();
    return exit_failed;
}

/// What a program before this one left, with the configuration that it had: that of `loaded` in
/// what takes effect with a start. None: this start begins with nothing.
struct beginning {
    config::configuration settings;
    daemon_ns::inheritance left;
};

std::optional<beginning> where_it_was_left(const config::load_result& loaded,
                                           const std::string& file) {
    auto left = daemon_ns::take_inheritance();
    const auto give_up = [&](const std::string& why) {
        daemon_ns::log(daemon_ns::log_level::error, "restart",
                       fmt::format("what the program before this one left cannot be used, its "
                                   "sessions are lost: {}",
                                   why));
        return std::nullopt;
    };
    if (!left)
        return give_up(left.error());
    if (!*left)
        return std::nullopt;
    auto in_force = daemon_ns::configuration_of(**left, file, &loaded);
    if (!in_force) {
        daemon_ns::close_sockets_of(**left);
        return give_up(in_force.error());
    }
    in_force->control = loaded.settings->control;
    in_force->state = loaded.settings->state;
    in_force->log = loaded.settings->log;
    return beginning{*std::move(in_force), *std::move(*left)};
}

/// The error is a line for people.
std::expected<daemon_ns::ending, std::string> serve(boost::asio::io_context& context,
                                                    config::load_result loaded,
                                                    daemon_ns::process_start start,
                                                    std::optional<beginning> begun) {
    auto state = daemon_ns::state_directory::open(state_path(loaded.settings->state));
    if (!state)
        return std::unexpected(state.error());
    start.configuration = begun ? begun->left.configuration : loaded.text;
    start.before = begun ? begun->left.program : "";
    daemon_ns::daemon daemon(context, begun ? std::move(begun->settings) : *loaded.settings, start,
                             std::move(*state),
                             begun ? std::move(begun->left) : daemon_ns::inheritance());
    if (auto started = daemon.start(); !started)
        return std::unexpected(started.error());
    if (begun)
        if (auto taken = daemon.take_over(std::move(loaded)); !taken)
            daemon_ns::log(
                daemon_ns::log_level::error, "restart",
                fmt::format("the configuration is the one from before: {}", taken.error()));
    return daemon.run();
}

int run(config::load_result loaded, const command_line& chosen,
        std::vector<std::string> arguments) {
    const daemon_ns::process_start start{.program = daemon_ns::program_file(),
                                         .arguments = std::move(arguments),
                                         .config_file = chosen.config,
                                         .level = chosen.level,
                                         .format = chosen.format,
                                         .restarted = daemon_ns::read_restart_time()};
    daemon_ns::block_signals(); // before there is another thread
    daemon_ns::start_logging(daemon_ns::logging(loaded.settings->log, start));
    auto begun = where_it_was_left(loaded, chosen.config);
    boost::asio::io_context context{1};
    const auto next = serve(context, std::move(loaded), start, std::move(begun));
    if (!next)
        return fail(next.error());
    daemon_ns::log(daemon_ns::log_level::info, "stopped", "heraldd has stopped");
    daemon_ns::stop_logging();
    if (*next == daemon_ns::ending::start_anew) {
        fmt::print(stderr, "heraldd: {}\n", daemon_ns::start_anew(start.program, start.arguments));
        std::_Exit(exit_failed);
    }
    // The context's end would wait for a host name that is still being looked up, maybe for
    // minutes.
    std::_Exit(exit_stopped);
}

} // namespace

int main(int argc, char** argv) {
    static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
    // Ignored, as some parents leave it, no check's exit could be seen.
    static_cast<void>(std::signal(SIGCHLD, SIG_DFL));
    const auto chosen = parse(argc, argv);
    auto loaded = config::load(chosen.config);
    for (const auto& problem : loaded.problems)
        fmt::print(stderr, "{}\n", config::to_string(problem));
    if (!loaded.settings)
        return exit_failed;
    if (chosen.check)
        return daemon_ns::is_rehearsal() ? try_start(*loaded.settings, chosen.config)
                                         : exit_stopped;
    return run(std::move(loaded), chosen, {argv, argv + argc});
}
