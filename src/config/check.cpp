#include "herald/config/known_keys.hpp"
#include "herald/config/rows.hpp"
#include "herald/config/sections.hpp"
#include "herald/text/duration.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <ranges>
#include <set>

namespace herald::config {
namespace {

using namespace std::chrono_literals;

constexpr unsigned longest_row = 1000;

using settings = health::check_settings;
using check_row = key_row<settings>;

/// The type of a check, null when it is missing or unknown.
const check_type* type_of(const table_reader& check) {
    const auto* found = check.value("type");
    const auto* name = found != nullptr ? std::get_if<std::string>(&found->value) : nullptr;
    if (name == nullptr)
        return nullptr;
    const auto type = std::ranges::find(check_types(), *name, &check_type::name);
    return type == check_types().end() ? nullptr : &*type;
}

/// The type and its own keys.
void read_type(table_reader& from, std::string_view key, health::probe_settings& into) {
    const auto name = from.text(key);
    if (!name)
        return;
    if (const auto* type = type_of(from))
        into = type->read(from);
    else
        from.fail(
            key,
            fmt::format("{}: expected one of {}", in_quotes(*name),
                        fmt::join(std::views::transform(check_types(), &check_type::name), ", ")));
}

/// The built-in one follows a shorter interval; one that somebody wrote does not.
void join_intervals(table_reader& from, settings& into) {
    if (!from.has("fast_interval"))
        into.fast_interval = std::min(into.fast_interval, into.interval);
    if (into.fast_interval > into.interval)
        from.fail("fast_interval", fmt::format("{} is longer than the interval, {}",
                                               text::exact_duration(into.fast_interval),
                                               text::exact_duration(into.interval)));
}

known_table keys_of_type(const check_type& type) {
    known_table known{"service.check", "a check of this type", keys_of(own_check_rows())};
    for (const auto& more : {keys_of(common_check_rows()), type.keys})
        known.keys.insert(known.keys.end(), more.begin(), more.end());
    return known;
}

/// A check, without its name when none is given.
settings read_check(table_reader& from, const table& entries) {
    settings check;
    const auto* type = type_of(from);
    if (type == nullptr)
        check_keys(entries, find_known_table("service.check"), from.problems());
    else
        check_keys(entries, keys_of_type(*type), from.problems());
    // What is reported has been weighed by who reports it.
    if (type != nullptr && type->name == "push")
        check.rise = check.fall = 1;
    read_rows(own_check_rows(), from, check);
    read_rows(common_check_rows(), from, check);
    join_intervals(from, check);
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

const key_rows<settings>& own_check_rows() {
    static const key_rows<settings> rows{
        check_row("name", &settings::name, as_parsed(parse_name)),
        check_row("type", &settings::probe, read_type).required(),
        check_row("on_fail", &settings::degrades_only,
                  as_choice<bool>({{"down", false}, {"degrade", true}}))
            .defaults_to("\"down\""),
    };
    return rows;
}

const key_rows<settings>& common_check_rows() {
    static const key_rows<settings> rows{
        check_row("interval", &settings::interval, as_duration(1ms, 24h)).defaults_to("\"5s\""),
        check_row("fast_interval", &settings::fast_interval, as_duration(1ms, 24h))
            .defaults_to("\"1s\""),
        check_row("timeout", &settings::timeout, as_duration(1ms, 24h)).defaults_to("\"2s\""),
        check_row("rise", &settings::rise, as_number<unsigned>(1, longest_row)).defaults_to("3"),
        check_row("fall", &settings::fall, as_number<unsigned>(1, longest_row)).defaults_to("3"),
    };
    return rows;
}

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
