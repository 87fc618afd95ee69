#include "herald/config/known_keys.hpp"
#include "herald/config/sections.hpp"
#include "herald/text/duration.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

namespace herald::config {
namespace {

using namespace std::chrono_literals;

constexpr unsigned longest_row = 1000;

void read_timing(table_reader& from, health::check_settings& into) {
    constexpr std::chrono::milliseconds least = 1ms, most = 24h;
    into.interval = from.duration("interval", least, most).value_or(into.interval);
    into.timeout = from.duration("timeout", least, most).value_or(into.timeout);
    // The built-in one follows a shorter interval; one that somebody wrote does not.
    into.fast_interval = from.duration("fast_interval", least, most)
                             .value_or(std::min(into.fast_interval, into.interval));
    if (into.fast_interval > into.interval)
        from.fail("fast_interval", fmt::format("{} is longer than the interval, {}",
                                               text::exact_duration(into.fast_interval),
                                               text::exact_duration(into.interval)));
    into.rise = from.number<unsigned>("rise", 1, longest_row).value_or(into.rise);
    into.fall = from.number<unsigned>("fall", 1, longest_row).value_or(into.fall);
}

/// The type of a check, none when it is missing or unknown.
const known_check_type* read_type(table_reader& from) {
    from.require("type");
    const auto name = from.text("type");
    if (!name)
        return nullptr;
    const auto types = known_check_types();
    const auto type = std::ranges::find(types, *name, &known_check_type::name);
    if (type == types.end()) {
        from.fail("type", in_quotes(*name) + ": expected one of exec, tcp, http, dns, ntp, push");
        return nullptr;
    }
    return &*type;
}

/// A check without its name where none is given.
health::check_settings read_check(table_reader& from, const table& entries) {
    health::check_settings check;
    const auto* type = read_type(from);
    if (type == nullptr)
        check_keys(entries, find_known_table("service.check"), from.problems());
    else
        check_keys(entries, {"service.check", "a check of this type", type->keys}, from.problems());
    // What is reported has been weighed by who reports it.
    if (type != nullptr && type->name == "push")
        check.rise = check.fall = 1;
    read_timing(from, check);
    check.degrades_only =
        from.choice<bool>("on_fail", {{"down", false}, {"degrade", true}}).value_or(false);
    check.name = from.parsed("name", parse_name).value_or("");
    if (type != nullptr)
        check.probe = read_probe(type->name, from);
    return check;
}

/// "tcp", "tcp-2" …: the first that nobody has.
class default_names {
public:
    std::string next(const std::string& type, std::set<std::string>& taken) {
        auto& count = counts_[type];
        std::string name;
        do {
            ++count;
            name = count == 1 ? type : fmt::format("{}-{}", type, count);
        } while (!taken.insert(name).second);
        return name;
    }

private:
    std::map<std::string, unsigned> counts_;
};

} // namespace

std::vector<health::check_settings> read_checks(table_reader& service,
                                                const named_table& defaults) {
    std::set<std::string> names;
    std::vector<health::check_settings> all;
    for (const auto& entry : service.subtables("check")) {
        table_reader reader(entry, service.problems(), defaults);
        all.push_back(read_check(reader, *entry.entries));
        const auto& name = all.back().name;
        if (!name.empty() && !names.insert(name).second)
            reader.fail("name", fmt::format("another check of the service is named {}", name));
    }
    default_names unnamed;
    for (auto& check : all)
        if (check.name.empty())
            check.name = unnamed.next(std::string(health::type_name(check.probe)), names);
    return all;
}

} // namespace herald::config
