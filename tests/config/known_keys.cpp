#include "herald/config/known_keys.hpp"
#include "tests/config/support.hpp"

#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace herald::config::test {

namespace {

const std::filesystem::path repository = HERALD_SOURCE;
const std::filesystem::path commented_example = "etc/herald.toml";
const std::filesystem::path manual = "man/herald.toml.5";

std::vector<std::string> lines_of(const std::filesystem::path& file) {
    std::ifstream stream(repository / file);
    CAPTURE(file.string());
    REQUIRE(stream.is_open());
    std::vector<std::string> all;
    for (std::string line; std::getline(stream, line);)
        all.push_back(line);
    REQUIRE(!all.empty());
    return all;
}

/// The three tables of states have the same keys; the example shows each in one of them.
std::string full_name(const std::string& table, const std::string& key) {
    return (table.starts_with("neighbor.when.") ? "neighbor.when" : table) + "." + key;
}

/// Every key, but for defaults, whose keys are those of the tables they are for, and for what can
/// only be a table.
std::map<std::string, known_key> all_keys() {
    std::set<std::string> tables;
    for (const auto& known : known_tables())
        tables.insert(known.name);
    std::map<std::string, known_key> all;
    for (const auto& known : known_tables()) {
        if (known.name.starts_with("defaults"))
            continue;
        for (const auto& key : known.keys) {
            const std::string name(key.name);
            const bool is_table =
                tables.contains(known.name.empty() ? name : known.name + "." + name);
            if (!is_table || !key.fallback.empty())
                all.emplace(full_name(known.name, name), key);
        }
    }
    return all;
}

std::set<std::string> names_of(const std::map<std::string, known_key>& keys) {
    std::set<std::string> names;
    for (const auto& [name, key] : keys)
        names.insert(name);
    return names;
}

/// The words of `text` that `pattern`'s first group matches.
std::vector<std::string> matches(const std::string& text, const char* pattern) {
    const std::regex expression(pattern);
    std::vector<std::string> all;
    for (auto at = std::sregex_iterator(text.begin(), text.end(), expression);
         at != std::sregex_iterator(); ++at)
        all.push_back((*at)[1]);
    return all;
}

/// A line of the manual as it is read: without its macro.
std::string shown(const std::string& line) {
    const auto bare = std::regex_replace(line, std::regex(R"(^\.(Ql|Pa|Cm|Li|Sy|Ev) )"), "");
    return std::regex_replace(bare, std::regex(R"(\\\(dq)"), "\"");
}

/// What the manual says of each key.
std::map<std::string, std::string> keys_of_the_manual() {
    std::map<std::string, std::string> all;
    std::vector<std::string> tables, keys;
    for (const auto& line : lines_of(manual)) {
        if (line.starts_with(".Sh ") || line.starts_with(".Ss "))
            tables = matches(line, R"(\[([a-z.]+)\])");
        if (line.starts_with(".It ") || line.starts_with(".El"))
            keys.clear();
        if (line.starts_with(".It Cm "))
            keys = matches(line, "Cm ([a-z0-9_]+)");
        for (const auto& table : tables)
            for (const auto& key : keys)
                all[full_name(table, key)] += shown(line) + " ";
    }
    return all;
}

/// Whether a text names the default as the manual does.
bool names_default(const std::string& text, const std::string& value) {
    for (const auto* after : {".", ",", ";", " .", " ,"})
        if (text.contains("Default: " + value + after))
            return true;
    return text.contains(value + " (the default)");
}

std::set<std::string> keys_of_the_example() {
    std::set<std::string> all;
    std::string table;
    for (const auto& line : lines_of(commented_example)) {
        for (const auto& name : matches(line, R"(^#?\[+([a-z.]+)\])"))
            table = name;
        for (const auto& key : matches(line, "^#?([a-z0-9_]+) = "))
            if (!table.starts_with("defaults"))
                all.insert(full_name(table, key));
    }
    return all;
}

/// The example with one of its commented-out settings in force; after the last, the example
/// itself. A commented-out table comes with the settings below it.
struct variant {
    std::string setting;
    std::string text;
};
std::vector<variant> variants_of_the_example() {
    const auto example = lines_of(commented_example);
    const std::regex setting(R"(^#(\[|[a-z0-9_]+ = ))");
    const auto is_setting = [&](std::size_t at) { return std::regex_search(example[at], setting); };
    std::vector<variant> all;
    for (std::size_t chosen = 0; chosen < example.size(); ++chosen) {
        if (!is_setting(chosen))
            continue;
        auto end = chosen + 1;
        while (example[chosen].starts_with("#[") && end < example.size() && is_setting(end))
            ++end;
        variant one{example[chosen], ""};
        for (std::size_t at = 0; at < example.size(); ++at)
            one.text += (at >= chosen && at < end ? example[at].substr(1) : example[at]) + "\n";
        all.push_back(one);
        chosen = end - 1;
    }
    return all;
}

} // namespace

TEST_CASE("known_keys: the manual names the keys that there are, and no other") {
    std::set<std::string> named;
    for (const auto& [name, text] : keys_of_the_manual())
        named.insert(name);
    CHECK(named == names_of(all_keys()));
}

TEST_CASE("known_keys: the manual tells each default, and what is required") {
    const auto texts = keys_of_the_manual();
    for (const auto& [name, key] : all_keys()) {
        CAPTURE(name);
        const auto text = texts.find(name);
        REQUIRE(text != texts.end());
        if (key.is_required)
            CHECK(std::regex_search(text->second, std::regex("[Rr]equired")));
        if (key.fallback.empty())
            continue;
        const std::string quoted(key.fallback);
        const auto bare = std::regex_replace(quoted, std::regex("^\"(.*)\"$"), "$1");
        CAPTURE(text->second);
        CHECK((names_default(text->second, quoted) || names_default(text->second, bare)));
    }
}

TEST_CASE("known_keys: the example shows every key that there is") {
    CHECK(keys_of_the_example() == names_of(all_keys()));
}

TEST_CASE("known_keys: the example shows each default") {
    std::set<std::string> settings;
    std::string table;
    for (const auto& line : lines_of(commented_example)) {
        for (const auto& name : matches(line, R"(^#?\[+([a-z.]+)\])"))
            table = name;
        for (const auto& setting : matches(line, R"(^#?([a-z0-9_]+ = [^#]*[^# ]))"))
            settings.insert(full_name(table, setting));
    }
    for (const auto& [name, key] : all_keys())
        if (!key.fallback.empty())
            CHECK_MESSAGE(settings.contains(name + " = " + std::string(key.fallback)), name, " = ",
                          key.fallback);
}

TEST_CASE("the example is valid") {
    const auto result = load(repository / commented_example);
    CHECK(to_lines(result.problems) == lines{});
    CHECK(result.settings.has_value());
}

TEST_CASE("the example is valid with any of its commented-out settings") {
    const auto all = variants_of_the_example();
    REQUIRE(all.size() > 50);
    for (const auto& [setting, text] : all) {
        CAPTURE(setting);
        const auto found = problems_of(text);
        if (setting.starts_with("#password_file = \"/etc/herald/etcd")) { // there is no [fleet]
            REQUIRE(found.size() == 1);
            CHECK(found.front().contains("unknown key \"password_file\" in [state]"));
        } else if (setting.starts_with("#password_file")) { // there is no such file here
            REQUIRE(found.size() == 1);
            CHECK(found.front().ends_with("key\": cannot be opened: No such file or directory"));
        } else if (setting.starts_with("#interface = \"eth0\"")) { // this neighbor has an address
            CHECK(found ==
                  lines{"f:61:13: neighbor.interface: in place of address, not beside it"});
        } else if (setting.starts_with("#neighbors")) { // it leaves nothing to the other neighbor
            REQUIRE(found.size() == 1);
            CHECK(found.front().ends_with("warning: neighbor \"core1\": no service is announced to "
                                          "it"));
        } else
            CHECK(found == lines{});
    }
}

} // namespace herald::config::test

namespace doctest {
template <>
struct StringMaker<std::set<std::string>> {
    static String convert(const std::set<std::string>& all) {
        std::ostringstream text;
        for (const auto& one : all)
            text << one << ' ';
        return text.str().c_str();
    }
};
} // namespace doctest
