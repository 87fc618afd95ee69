#pragma once

#include "herald/config/configuration.hpp"
#include "tests/support/temporary_directory.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace herald::config::test {

using lines = std::vector<std::string>;

inline lines to_lines(const std::vector<problem>& problems) {
    lines all;
    for (const auto& one : problems)
        all.push_back(to_string(one));
    return all;
}

/// The problems of a text in a file named "f".
inline lines problems_of(std::string_view text) {
    return to_lines(parse(text, "f").problems);
}

// Three lines each, valid together.
inline const std::string bgp = "[bgp]\n"
                               "local_as = 65010\n"
                               "router_id = \"192.0.2.10\"\n";
inline const std::string neighbor = "[[neighbor]]\n"
                                    "address = \"198.51.100.1\"\n"
                                    "remote_as = 64500\n";
inline const std::string internal_neighbor = "[[neighbor]]\n"
                                             "address = \"2001:db8::1\"\n"
                                             "remote_as = 65010\n";
inline const std::string service = "[[service]]\n"
                                   "name = \"dns\"\n"
                                   "prefixes = [\"192.0.2.0/24\"]\n";
inline const std::string check = "[[service.check]]\n"
                                 "type = \"tcp\"\n"
                                 "address = \"127.0.0.1:53\"\n";

// A key on line 10 of a valid file.
inline std::string in_neighbor(std::string_view key) {
    return bgp + service + neighbor + std::string(key) + "\n";
}
inline std::string in_internal_neighbor(std::string_view key) {
    return bgp + service + internal_neighbor + std::string(key) + "\n";
}
inline std::string in_service(std::string_view key) {
    return bgp + neighbor + service + std::string(key) + "\n";
}

/// A text and the whole list of its problems.
struct row {
    std::string text;
    lines expected;
};

inline void check_rows(const std::vector<row>& rows) {
    for (const auto& [text, expected] : rows) {
        CAPTURE(text);
        CHECK(problems_of(text) == expected);
    }
}

/// The neighbor, or service, of a valid text that has just one.
inline peering::neighbor_settings neighbor_of(const std::string& text) {
    const auto result = parse(text, "f");
    CAPTURE(to_lines(result.problems));
    REQUIRE(result.settings);
    REQUIRE(result.settings->neighbors.size() == 1);
    return result.settings->neighbors.front();
}
inline service_entry service_of(const std::string& text) {
    const auto result = parse(text, "f");
    CAPTURE(to_lines(result.problems));
    REQUIRE(result.settings);
    REQUIRE(result.settings->services.size() == 1);
    return result.settings->services.front();
}

/// A directory that goes with its owner.
class scratch_directory : public herald::test::temporary_directory {
public:
    /// Writes a file with mode 0600.
    std::filesystem::path write(std::string_view name, std::string_view content) const {
        const auto file = path() / name;
        std::ofstream(file) << content;
        using std::filesystem::perms;
        std::filesystem::permissions(file, perms::owner_read | perms::owner_write);
        return file;
    }
};

} // namespace herald::config::test

namespace doctest {
template <>
struct StringMaker<herald::config::test::lines> {
    static String convert(const herald::config::test::lines& all) {
        std::string text;
        for (const auto& line : all)
            text += "\n  " + line;
        return text.c_str();
    }
};
} // namespace doctest
