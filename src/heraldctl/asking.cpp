#include "asking.hpp"

#include "output.hpp"
#include "tables.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

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

} // namespace heraldctl
