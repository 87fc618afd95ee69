#include "listing.hpp"

#include "asking.hpp"
#include "output.hpp"
#include "tables.hpp"
#include "values.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace heraldctl {

namespace {

namespace json = boost::json;
namespace po = boost::program_options;

struct listed {
    std::string_view what;   // as the command line has it
    std::string_view target; // who knows
    std::string_view list;   // where in the answer
};

constexpr std::array kinds{
    listed{"neighbors", "/v1/neighbors", "neighbors"},
    listed{"services", "/v1/services", "services"},
    listed{"prefixes", "/v1/services", "services"},
    listed{"checks", "/v1/checks", "checks"},
};

/// The names that one element of the list stands for.
names names_in(const json::object& element, std::string_view what, const std::string& type) {
    if (what == "prefixes")
        return texts(element, "prefixes");
    if (!type.empty() && text_of(element, "type") != type)
        return {};
    return {text_of(element, "name")};
}

} // namespace

result<void> list_names(const global_options& global, const po::variables_map& options) {
    const auto words = names_of(options);
    const auto kind = std::ranges::find(kinds, words.empty() ? "" : words[0], &listed::what);
    if (kind == kinds.end())
        return usage("names takes neighbors, services, prefixes or checks");
    const auto type = option(options, "type");
    if (kind->what != "checks" && (words.size() > 1 || !type.empty()))
        return usage("a service and --type are for the names of checks");
    const auto answer =
        consult(global, {.target = words.size() > 1 ? "/v1/services/" + encode(words[1])
                                                    : std::string(kind->target)});
    if (!answer)
        return std::unexpected(answer.error());
    if (global.json)
        return {};
    std::string text;
    const auto view = json::parse(answer->body);
    for (const auto& element : list(view.as_object(), kind->list))
        for (const auto& name : names_in(element.as_object(), kind->what, type))
            text += harmless(name) + "\n";
    return print(text);
}

} // namespace heraldctl
