#include "herald/config/problem_list.hpp"

#include "herald/text/harmless.hpp"

#include <fmt/format.h>
#include <utility>

namespace herald::config {

void problem_list::error(place where, std::string message) {
    add(errors_, {where, problem::severity::error, std::move(message)});
}

void problem_list::warning(place where, std::string message) {
    add(warnings_, {where, problem::severity::warning, std::move(message)});
}

void problem_list::add(std::size_t& count, finding one) {
    if (count == limit) {
        dropped_ = true;
        return;
    }
    if (found_.insert(std::move(one)).second)
        ++count;
}

std::vector<problem> problem_list::take() const {
    std::vector<problem> all;
    all.reserve(found_.size() + 1);
    for (const auto& one : found_)
        all.push_back({one.level, file_, one.where.line, one.where.column, one.message});
    if (dropped_)
        all.push_back({problem::severity::warning, file_, all.back().line, all.back().column,
                       "there are more problems than are shown"});
    return all;
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t bearable = 64;
    // Before an "@" there may be a user and a password, when a URL was written by mistake.
    if (text.contains('@'))
        return "\"…\"";
    const auto shown = text::cut(text, bearable);
    return '"' + text::harmless(shown) + (shown.size() < text.size() ? "…\"" : "\"");
}

std::string to_string(const problem& value) {
    return fmt::format("{}:{}:{}: {}{}", value.file, value.line, value.column,
                       value.level == problem::severity::warning ? "warning: " : "", value.message);
}

} // namespace herald::config
