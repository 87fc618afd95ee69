#include "commands.hpp"
#include "output.hpp"

#include "herald/text/harmless.hpp"
#include "herald/text/nearest.hpp"
#include "herald/text/version.hpp"

#include <algorithm>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/positional_options.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fmt/format.h>
#include <iterator>
#include <vector>

namespace heraldctl {

namespace {

namespace po = boost::program_options;
using arguments = std::vector<std::string>;
using herald::text::harmless;

void declare_global(po::options_description& options) {
    options.add_options()("socket", po::value<std::string>())("json", "")("wide", "")("help,h", "")(
        "version", "");
}

result<po::variables_map> parse(const arguments& given, const po::options_description& options,
                                int names) {
    po::options_description all;
    all.add(options).add_options()("name", po::value<arguments>());
    po::positional_options_description positions;
    if (names != 0)
        positions.add("name", names);
    po::variables_map read;
    try {
        // An abbreviation that works today would be ambiguous after the next option.
        const int style =
            po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
        po::store(
            po::command_line_parser(given).options(all).positional(positions).style(style).run(),
            read);
    } catch (const po::too_many_positional_options_error&) {
        return usage("too many arguments; see the command's --help");
    } catch (const po::error& error) {
        return usage(error.what());
    }
    return read;
}

void apply(global_options& global, const po::variables_map& options) {
    if (options.count("socket") > 0)
        global.socket = options["socket"].as<std::string>();
    global.json = global.json || options.count("json") > 0;
    global.wide = global.wide || options.count("wide") > 0;
}

std::string help() {
    std::string text = "usage: heraldctl [--socket PATH] [--json | --wide] COMMAND\n\n";
    for (const auto& each : commands())
        text += fmt::format("  {} {}\n        {}\n", each.name, each.arguments, each.summary);
    text += "\n"
            "  --socket PATH  where heraldd listens; also $HERALD_SOCKET; otherwise\n"
            "                 /run/herald/control.sock\n"
            "  --json         print what the daemon answers\n"
            "  --wide         do not cut tables to 80 columns\n"
            "  --version      print the version\n"
            "  --help         this, or with a command its usage\n"
            "\n"
            "Exit status: 0 done, 1 the daemon refused or a wait timed out, 2 usage, 3 no\n"
            "daemon at the socket. See heraldctl(8).\n";
    return text;
}

result<void> run_command(global_options global, const command& wanted, const arguments& given) {
    po::options_description options;
    declare_global(options);
    wanted.declare(options);
    const auto read = parse(given, options, wanted.names);
    if (!read)
        return std::unexpected(read.error());
    if (read->count("help") > 0)
        return print(fmt::format("usage:\n  {} {}\n        {}\n", wanted.name, wanted.arguments,
                                 wanted.summary));
    apply(global, *read);
    return wanted.run(global, *read);
}

result<void> run_command(const global_options& global, const std::string& name,
                         const arguments& given) {
    const auto known = std::ranges::find(commands(), name, &command::name);
    if (known != commands().end())
        return run_command(global, *known, given);
    std::vector<std::string_view> names;
    std::ranges::transform(commands(), std::back_inserter(names), &command::name);
    if (const auto meant = herald::text::nearest(name, names))
        return usage(
            fmt::format("unknown command \"{}\"; did you mean \"{}\"?", harmless(name), *meant));
    return usage(fmt::format("unknown command \"{}\"; see heraldctl --help", harmless(name)));
}

/// Where the command stands: the first argument that is neither an option nor an option's value.
arguments::const_iterator find_command(const arguments& given) {
    auto at = given.begin();
    while (at != given.end() && at->starts_with('-'))
        at += *at == "--socket" && at + 1 != given.end() ? 2 : 1;
    return at;
}

result<void> run(const arguments& given) {
    const auto command = find_command(given);
    po::options_description options;
    declare_global(options);
    const auto read = parse({given.begin(), command}, options, 0);
    if (!read)
        return std::unexpected(read.error());
    if (read->count("help") > 0)
        return print(help());
    if (read->count("version") > 0)
        return print(fmt::format("heraldctl {}\n", herald::text::version()));
    if (command == given.end())
        return usage("no command; see heraldctl --help");
    global_options global;
    if (const char* socket = std::getenv("HERALD_SOCKET"); socket != nullptr && *socket != '\0')
        global.socket = socket;
    apply(global, *read);
    return run_command(global, *command, {command + 1, given.end()});
}

} // namespace

} // namespace heraldctl

int main(int count, char** values) {
    using namespace heraldctl;
    result<void> done;
    try {
        done = run({values + 1, values + count});
    } catch (const std::exception& error) {
        done = refused(fmt::format("the daemon's answer is not understood: {}", error.what()));
    }
    if (done)
        return static_cast<int>(exit_status::done);
    fmt::print(stderr, "heraldctl: {}\n", done.error().line);
    return static_cast<int>(done.error().status);
}
