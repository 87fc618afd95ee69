#include "herald/control/metrics_text.hpp"

#include <fmt/format.h>

namespace herald::control {

namespace {

/// A label's value may hold anything; these three would end it.
void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        if (c == '\\')
            out += "\\\\";
        else if (c == '"')
            out += "\\\"";
        else if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
}

} // namespace

void metrics_text::gauge(std::string_view name, std::string_view help) {
    family(name, help, "gauge");
}

void metrics_text::counter(std::string_view name, std::string_view help) {
    family(name, help, "counter");
}

void metrics_text::histogram_family(std::string_view name, std::string_view help) {
    family(name, help, "histogram");
}

void metrics_text::add(const labels& of, double value) {
    sample("", of, fmt::format("{}", value));
}

void metrics_text::add(const labels& of, std::uint64_t value) {
    sample("", of, fmt::format("{}", value));
}

void metrics_text::add(const labels& of, const histogram& observed) {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < observed.counts().size(); ++i) {
        total += observed.counts()[i];
        const auto bound =
            i < histogram::bounds.size() ? fmt::format("{}", histogram::bounds[i]) : "+Inf";
        auto with_bound = of;
        with_bound.emplace_back("le", bound);
        sample("_bucket", with_bound, fmt::format("{}", total));
    }
    sample("_sum", of, fmt::format("{}", observed.sum()));
    sample("_count", of, fmt::format("{}", total));
}

void metrics_text::family(std::string_view name, std::string_view help, std::string_view type) {
    name_ = name;
    out_ += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
}

void metrics_text::sample(std::string_view suffix, const labels& of, std::string_view value) {
    out_ += name_;
    out_ += suffix;
    char separator = '{';
    for (const auto& [name, text] : of) {
        out_ += separator;
        out_ += name;
        out_ += "=\"";
        append_escaped(out_, text);
        out_ += '"';
        separator = ',';
    }
    out_ += of.empty() ? " " : "} ";
    out_ += value;
    out_ += '\n';
}

} // namespace herald::control
