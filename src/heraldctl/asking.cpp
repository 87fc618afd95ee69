#include "asking.hpp"

#include "output.hpp"
#include "tables.hpp"

#include "herald/control/json_text.hpp"

#include <boost/json/parse.hpp>
#include <cstdlib>
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

namespace heraldctl {

namespace json = boost::json;
namespace po = boost::program_options;

namespace {

/// What the daemon says against it, from its problem document.
std::string detail_of(const reply& answer) {
    json::error_code error;
    const auto problem = json::parse(answer.body, error);
    if (!error && problem.is_object()) {
        if (const auto* detail = problem.get_object().if_contains("detail");
            detail != nullptr && detail->is_string())
            return harmless(std::string(detail->get_string()));
    }
    return fmt::format("the daemon answered with status {}", answer.status);
}

/// Who runs this, also behind sudo(8); "" if that has no name.
std::string user_name() {
    if (const char* caller = std::getenv("SUDO_USER"); caller != nullptr)
        return caller;
    const auto* user = ::getpwuid(::getuid());
    return user == nullptr ? "" : user->pw_name;
}

} // namespace

std::unexpected<failure> refusal_of(const reply& answer) {
    return refused(detail_of(answer));
}

names names_of(const po::variables_map& options, const std::string& key) {
    return options.count(key) == 0 ? names{} : options[key].as<names>();
}

std::string option(const po::variables_map& options, const std::string& key) {
    return options.count(key) == 0 ? "" : options[key].as<std::string>();
}

result<reply> consult(const global_options& global, const question& asked) {
    auto answer = ask(global.socket, asked);
    if (!answer)
        return answer;
    if (global.json) {
        if (auto printed = print(answer->body); !printed)
            return std::unexpected(printed.error());
    }
    if (answer->status >= 400)
        return refusal_of(*answer);
    return answer;
}

result<reply> command_daemon(const global_options& global, std::string target, json::object body,
                             std::optional<std::chrono::milliseconds> longer) {
    if (const auto name = user_name(); !name.empty())
        body["by"] = name;
    question asked{
        .method = "POST", .target = std::move(target), .body = herald::control::to_text(body)};
    asked.bound += longer.value_or(std::chrono::milliseconds{0});
    return consult(global, asked);
}

} // namespace heraldctl
