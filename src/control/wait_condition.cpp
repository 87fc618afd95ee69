#include "herald/control/wait_condition.hpp"

#include "herald/control/views.hpp"
#include "herald/text/duration.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace herald::control {

namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

struct condition_name {
    std::string_view name;
    condition meaning;
};
constexpr std::array condition_names{
    condition_name{"announced", condition::announced},
    condition_name{"withdrawn", condition::withdrawn},
    condition_name{"established", condition::established},
};

/// Seconds, or a duration such as "10m".
std::optional<milliseconds> parse_timeout(std::string_view text) {
    if (const auto duration = text::parse_positive_duration(text))
        return *duration;
    double count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return text::from_seconds(count);
}

struct wait_parameters {
    std::optional<condition> until;
    std::vector<std::string> services;
    std::vector<std::string> neighbors;
    std::optional<milliseconds> timeout;
};

std::expected<void, std::string> read(wait_parameters& wait, const parameter& given) {
    if (given.name == "service") {
        wait.services.push_back(given.value);
    } else if (given.name == "neighbor") {
        wait.neighbors.push_back(given.value);
    } else if (given.name == "until") {
        const auto* known = std::ranges::find(condition_names, given.value, &condition_name::name);
        if (known == condition_names.end())
            return std::unexpected("\"until\" must be announced, withdrawn or established");
        wait.until = known->meaning;
    } else if (given.name == "timeout") {
        wait.timeout = parse_timeout(given.value);
        if (!wait.timeout)
            return std::unexpected("\"timeout\" must be seconds from 0.001 to 366 days");
    } else {
        return std::unexpected(fmt::format("unknown parameter \"{}\"", given.name));
    }
    return {};
}

bool holds(condition until, const service_view& service) {
    return service.acknowledged && service.announced_to.empty() == (until == condition::withdrawn);
}

bool holds(condition, const neighbor_view& neighbor) {
    return neighbor.state == "Established";
}

/// `view_of` makes one's view by its name, `unknown` says that there is none.
template <typename ViewOf>
std::optional<response> look_at(const wait_request& wait, std::string_view key, ViewOf view_of,
                                refusal (*unknown)(std::string_view)) {
    json::array met;
    for (const auto& name : wait.names) {
        const auto view = view_of(name);
        if (!view)
            return problem(unknown(name));
        if (holds(wait.until, *view))
            met.emplace_back(to_json(*view));
    }
    if (met.size() != wait.names.size())
        return std::nullopt;
    return show(json::object{{key, std::move(met)}});
}

} // namespace

std::expected<wait_request, std::string> parse_wait(const std::vector<parameter>& parameters) {
    wait_parameters given;
    for (const auto& each : parameters) {
        if (auto known = read(given, each); !known)
            return std::unexpected(known.error());
    }
    const bool of_session = given.until == condition::established;
    auto& names = of_session ? given.neighbors : given.services;
    const auto& others = of_session ? given.services : given.neighbors;
    if (!given.until || names.empty() || !others.empty())
        return std::unexpected("what to wait for must be until=announced or until=withdrawn with "
                               "service=, or until=established with neighbor=");
    wait_request wait{.until = *given.until, .names = std::move(names)};
    wait.timeout = given.timeout.value_or(wait.timeout);
    return wait;
}

std::optional<response> look(const wait_request& wait, const operations& daemon) {
    switch (wait.until) {
    case condition::announced:
    case condition::withdrawn:
        return look_at(
            wait, "services", [&](const auto& name) { return daemon.service(name); }, no_service);
    case condition::established: break;
    }
    return look_at(
        wait, "neighbors", [&](const auto& name) { return daemon.neighbor(name); }, no_neighbor);
}

response wait_timed_out(const wait_request& wait) {
    const auto* known = std::ranges::find(condition_names, wait.until, &condition_name::meaning);
    return problem(504, "timed_out",
                   fmt::format("not {} within {}: {}", known->name, text::humanise(wait.timeout),
                               fmt::join(wait.names, ", ")));
}

void wait_list::add(wait_request wait, std::weak_ptr<later<response>> answer) {
    std::erase_if(waits_, [](const entry& other) { return other.answer.expired(); });
    waits_.push_back({std::move(wait), std::move(answer)});
}

void wait_list::look_again(const operations& daemon) {
    std::erase_if(waits_, [](const entry& each) { return each.answer.expired(); });
    for (const auto& each : waits_)
        if (auto reply = look(each.wait, daemon))
            if (const auto waiter = each.answer.lock())
                waiter->set(*std::move(reply));
}

void wait_list::end(const response& with) {
    for (const auto& each : std::exchange(waits_, {}))
        if (const auto waiter = each.answer.lock())
            waiter->set(with);
}

} // namespace herald::control
