#include <algorithm>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path source = HERALD_SOURCE;
constexpr std::size_t longest_file = 400;

/// Who may include what, as the house's table has it. An entry is a folder, one header of a folder,
/// or "*_settings.hpp": the settings of every folder.
const std::map<std::string, std::set<std::string>, std::less<>> arrows{
    {"net", {"net"}},
    {"text", {"text"}},
    {"wire", {"net", "text", "wire"}},
    {"bgp", {"net", "wire", "bgp"}},
    {"bfd", {"net", "wire/cursor.hpp", "bfd"}},
    {"handover", {"net", "text", "wire", "bgp", "bfd", "handover"}},
    {"peering", {"net", "text", "wire", "bgp", "bfd", "peering"}},
    {"http", {"net", "text", "http"}},
    {"health", {"net", "text", "http", "health"}},
    {"service", {"net", "text", "health/hysteresis.hpp", "service"}},
    {"fleet", {"net", "text", "http", "fleet"}},
    {"config", {"net", "text", "*_settings.hpp", "config"}},
    {"control", {"text", "control"}},
    {"daemon",
     {"net", "text", "wire", "bgp", "bfd", "handover", "peering", "http", "health", "service",
      "fleet", "config", "control", "daemon"}},
    {"heraldd.cpp",
     {"net", "text", "wire", "bgp", "bfd", "handover", "peering", "http", "health", "service",
      "fleet", "config", "control", "daemon"}},
    {"heraldctl", {"text", "control"}},
};

/// Folders without I/O: of Boost they know addresses only, and what else is given here.
const std::map<std::string, std::set<std::string>, std::less<>> core{
    {"net", {}}, {"text", {}}, {"wire", {}},
    {"bgp", {}}, {"bfd", {}},  {"handover", {"boost/json", "boost/asio/error.hpp"}},
};
/// The compiled parts of Boost's libraries are put there.
const std::set<std::string, std::less<>> boost_itself{"src/net/asio.cpp", "src/net/beast.cpp"};

/// Whether a file of `folder` may include herald's header `target`, given as "folder/file.hpp".
bool may_include(std::string_view folder, std::string_view target) {
    const auto row = arrows.find(folder);
    if (row == arrows.end())
        return false;
    const auto target_folder = std::string(target.substr(0, target.find('/')));
    return row->second.contains(target_folder) || row->second.contains(std::string(target)) ||
           (row->second.contains("*_settings.hpp") && target.ends_with("_settings.hpp"));
}

/// Whether a file of `folder` may include Boost's header `target`.
bool may_include_boost(std::string_view folder, std::string_view target) {
    const auto row = core.find(folder);
    const auto begins = [&](const std::string& known) { return target.starts_with(known); };
    return row == core.end() || begins("boost/asio/ip/address") ||
           std::ranges::any_of(row->second, begins);
}

/// What a line includes, without the quotes or brackets; empty when it includes nothing.
std::string_view included_by(std::string_view line) {
    const auto skip_blanks = [&] {
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    };
    skip_blanks();
    if (!line.starts_with('#'))
        return {};
    line.remove_prefix(1);
    skip_blanks();
    if (!line.starts_with("include"))
        return {};
    line.remove_prefix(std::string_view("include").size());
    skip_blanks();
    const auto end = line.find_first_of("\">", 1);
    return end == std::string_view::npos ? std::string_view{} : line.substr(1, end - 1);
}

struct source_file {
    std::string name;   // from the top of the tree
    std::string folder; // of the house
    std::vector<std::string> lines;
};

std::vector<std::string> read_lines(const fs::path& path) {
    std::ifstream in(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    return lines;
}

/// All C++ files below include/herald and src.
std::vector<source_file> all_files() {
    std::vector<source_file> files;
    for (const auto& top : {source / "include/herald", source / "src"})
        for (const auto& entry : fs::recursive_directory_iterator(top)) {
            const auto& path = entry.path();
            if (path.extension() != ".hpp" && path.extension() != ".cpp")
                continue;
            files.push_back({fs::relative(path, source).generic_string(),
                             fs::relative(path, top).begin()->string(), read_lines(path)});
        }
    return files;
}

/// What is wrong with an include; empty when nothing is.
std::string judge(const source_file& file, std::string_view included) {
    constexpr std::string_view own = "herald/";
    if (included.starts_with(own) && !may_include(file.folder, included.substr(own.size())))
        return "the house has no such arrow";
    if (included.starts_with("boost/") && !boost_itself.contains(file.name) &&
        !may_include_boost(file.folder, included))
        return "the core knows little of Boost, and not this";
    const bool leaves = included.contains("..") || included.starts_with("src/");
    return leaves ? "a path out of the folder goes around the arrows" : "";
}

} // namespace

TEST_CASE("house: the table allows what is drawn there and nothing else") {
    CHECK(may_include("wire", "net/ip_prefix.hpp"));
    CHECK(may_include("wire", "wire/update.hpp"));
    CHECK_FALSE(may_include("wire", "bgp/session_fsm.hpp"));
    CHECK_FALSE(may_include("net", "wire/update.hpp"));
    CHECK(may_include("bfd", "wire/cursor.hpp"));
    CHECK_FALSE(may_include("bfd", "wire/update.hpp"));
    CHECK(may_include("wire", "text/harmless.hpp"));
    CHECK_FALSE(may_include("text", "net/ip_prefix.hpp"));
    CHECK_FALSE(may_include("net", "text/harmless.hpp"));
    CHECK(may_include("service", "health/hysteresis.hpp"));
    CHECK_FALSE(may_include("service", "health/check.hpp"));
    CHECK(may_include("config", "peering/peering_settings.hpp"));
    CHECK_FALSE(may_include("config", "peering/transport.hpp"));
    CHECK_FALSE(may_include("control", "bgp/session_fsm.hpp"));
    CHECK_FALSE(may_include("heraldctl", "net/ip_prefix.hpp"));
    CHECK_FALSE(may_include("cellar", "net/ip_prefix.hpp"));
    CHECK(may_include_boost("bgp", "boost/asio/ip/address_v4.hpp"));
    CHECK_FALSE(may_include_boost("bgp", "boost/asio/ip/tcp.hpp"));
    CHECK_FALSE(may_include_boost("wire", "boost/asio.hpp"));
    CHECK(may_include_boost("handover", "boost/json/value.hpp"));
    CHECK_FALSE(may_include_boost("handover", "boost/asio/ip/tcp.hpp"));
    CHECK(may_include_boost("peering", "boost/asio/ip/tcp.hpp"));
}

TEST_CASE("house: an include line is read in every form that it may have") {
    CHECK(included_by("#include \"herald/net/community.hpp\"") == "herald/net/community.hpp");
    CHECK(included_by("  # include <vector> // why") == "vector");
    CHECK(included_by("// #include <vector>").empty());
    CHECK(included_by("#pragma once").empty());
    CHECK(included_by("").empty());
}

TEST_CASE("house: every include follows an arrow of the table") {
    std::set<std::string, std::less<>> seen;
    std::size_t arrows_seen = 0;
    for (const auto& file : all_files()) {
        seen.insert(file.folder);
        CHECK_MESSAGE(arrows.contains(file.folder), file.name, ": the house has no such folder");
        for (const auto& line : file.lines) {
            const auto included = included_by(line);
            arrows_seen += included.starts_with("herald/") ? 1 : 0;
            const auto wrong = judge(file, included);
            CHECK_MESSAGE(wrong.empty(), file.name, " includes ", included, ": ", wrong);
        }
    }
    for (const auto& [folder, allowed] : arrows)
        CHECK_MESSAGE(seen.contains(folder), folder, ": no file was found there");
    CHECK(arrows_seen > 0);
}

TEST_CASE("house: no source file is longer than can be read at a sitting") {
    const auto files = all_files();
    REQUIRE_FALSE(files.empty());
    for (const auto& file : files)
        CHECK_MESSAGE(file.lines.size() <= longest_file, file.name, " has ", file.lines.size(),
                      " lines, more than ", longest_file);
}
