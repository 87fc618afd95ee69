#include "herald/config/password.hpp"

#include "herald/config/read_file.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <utility>

namespace herald::config {
namespace {

void keep_password(table_reader& from, std::string_view key, std::size_t longest, std::string found,
                   std::string& into) {
    if (found.empty() || found.size() > longest)
        from.fail(key,
                  fmt::format("a password has 1 to {} octets, this one {}", longest, found.size()));
    into = std::move(found);
}

} // namespace

void read_password(table_reader& from, std::string_view key, std::size_t longest,
                   std::string& into) {
    if (!from.prevails(key, "password_file"))
        return;
    if (auto found = from.text(key))
        keep_password(from, key, longest, *std::move(found), into);
}

void read_password_file(table_reader& from, std::string_view key, std::size_t longest,
                        std::string& into) {
    constexpr std::size_t largest = 1024;
    if (from.is_overridden(key, "password"))
        return;
    const auto path = from.parsed(key, parse_path);
    if (!path)
        return;
    const auto file = std::filesystem::path(from.problems().file()).parent_path() / *path;
    auto content = read_file(file, largest);
    if (!content) {
        from.fail(key, fmt::format("{}: {}", in_quotes(file.string()), content.error()));
        return;
    }
    if (content->world_readable)
        from.warn(key, fmt::format("{}: every user can read it; its mode should be 0600 or 0640",
                                   in_quotes(file.string())));
    if (content->text.ends_with('\n'))
        content->text.pop_back();
    keep_password(from, key, longest, std::move(content->text), into);
}

} // namespace herald::config
