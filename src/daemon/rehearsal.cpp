#include "herald/daemon/rehearsal.hpp"

#include "herald/daemon/memory_file.hpp"
#include "herald/daemon/neighbor_shutdowns.hpp"
#include "herald/daemon/planned_restart.hpp"
#include "herald/handover/json_values.hpp"
#include "herald/service/owned_address.hpp"
#include "herald/service/state_file.hpp"
#include "herald/service/stored_drains.hpp"
#include "herald/text/version.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <unistd.h>
#include <utility>

namespace herald::daemon {

namespace {

namespace json = boost::json;
using boost::asio::ip::tcp;
using outcome = std::expected<void, std::string>;

constexpr std::size_t most_reported = 100'000;
constexpr std::size_t longest_reported = 65536;

/// A file that is gone when this is.
class passing_file {
public:
    explicit passing_file(std::filesystem::path path)
        : path_(std::move(path))
        , descriptor_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {}
    ~passing_file() {
        if (descriptor_ < 0)
            return;
        ::unlink(path_.c_str());
        ::close(descriptor_);
    }
    passing_file(const passing_file&) = delete;
    passing_file& operator=(const passing_file&) = delete;

    bool is_there() const { return descriptor_ >= 0; }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
    int descriptor_;
};

outcome try_group(const control::control_settings& control, const std::filesystem::path& file) {
    if (!control.group)
        return {};
    const auto* group = ::getgrnam(control.group->c_str());
    if (group == nullptr)
        return std::unexpected(
            fmt::format("control.group: there is no group \"{}\"", *control.group));
    // As the socket is given; fchown(2) is outside of what the unit allows.
    if (::chown(file.c_str(), static_cast<uid_t>(-1), group->gr_gid) != 0)
        return std::unexpected(fmt::format("control.group: a file cannot be given to \"{}\": {}",
                                           *control.group, std::strerror(errno)));
    return {};
}

template <typename Read>
outcome try_file(const std::filesystem::path& file, const Read& from_text) {
    const auto text = service::read_file(file);
    if (!text)
        return text.error() == std::errc::no_such_file_or_directory
                   ? outcome()
                   : std::unexpected(fmt::format("{}: {}", file.string(), text.error().message()));
    const auto read = from_text(*text);
    return read ? outcome() : std::unexpected(fmt::format("{}: {}", file.string(), read.error()));
}

outcome try_directory(const std::filesystem::path& state,
                      const control::control_settings& control) {
    std::error_code failed;
    std::filesystem::create_directories(state, failed);
    const passing_file file(state / "trial");
    if (!file.is_there())
        return std::unexpected(fmt::format("cannot write the state directory {}: {}",
                                           state.string(), std::strerror(errno)));
    return try_group(control, file.path());
}

outcome try_listener(boost::asio::io_context& context, const tcp::endpoint& where,
                     std::string_view key) {
    boost::system::error_code failed;
    tcp::acceptor trial(context);
    trial.open(where.protocol(), failed);
    if (!failed)
        trial.set_option(tcp::acceptor::reuse_address(true), failed);
    if (!failed && where.address().is_v6())
        trial.set_option(boost::asio::ip::v6_only(true), failed);
    if (!failed)
        trial.bind(where, failed);
    if (!failed)
        trial.listen(1, failed);
    if (!failed)
        return {};
    return std::unexpected(fmt::format("{}: cannot listen on {} port {}: {}", key,
                                       where.address().to_string(), where.port(),
                                       failed.message()));
}

outcome try_listeners(const config::configuration& settings, const inheritance& left) {
    boost::asio::io_context context;
    for (const auto& address : settings.listen.addresses) {
        const tcp::endpoint where(address, settings.listen.port);
        const auto& listeners = left.speaker.listeners;
        if (std::ranges::find(listeners, where, &peering::listener_snapshot::endpoint) !=
            listeners.end())
            continue;
        if (auto possible = try_listener(context, where, "bgp.listen"); !possible)
            return possible;
    }
    if (!settings.metrics.listen || settings.metrics.listen == left.control.asked_for)
        return {};
    return try_listener(context, *settings.metrics.listen, "metrics.listen");
}

prospect prospect_of(const std::string& name, const bgp::peer_snapshot& peer,
                     const std::expected<config::configuration, std::string>& in_force,
                     const config::configuration& next) {
    const auto find = [&](const config::configuration& in) {
        const auto found = std::ranges::find(in.neighbors, name, &peering::neighbor_settings::name);
        return found == in.neighbors.end() ? nullptr : &*found;
    };
    if (!in_force)
        return {name, false, false,
                fmt::format("the new program cannot read the configuration that is in force: {}",
                            in_force.error())};
    if (std::ranges::none_of(peer.connections, [](const auto& one) {
            return one.fsm.state == bgp::session_state::established;
        }))
        return {name, false, true, "there is no session"};
    const auto* const before = find(*in_force);
    const auto* const after = find(next);
    if (before == nullptr || after == nullptr)
        return {name, false, true, "it is no longer in the configuration"};
    if (!peering::session_goes_on(*before, *after))
        return {name, false, true, "its configuration has changed"};
    return {name, true, true, ""};
}

} // namespace

std::string to_json(const rehearsal_report& report) {
    json::array neighbors;
    for (const auto& each : report.neighbors)
        neighbors.push_back({{"neighbor", handover::json_text(each.neighbor)},
                             {"kept", each.kept},
                             {"readable", each.readable},
                             {"reason", handover::json_text(each.reason)}});
    return json::serialize(json::object{{"proof", handover::json_text(report.proof)},
                                        {"program", handover::json_text(report.program)},
                                        {"neighbors", std::move(neighbors)}});
}

std::expected<rehearsal_report, std::string> report_from_json(std::string_view text) {
    boost::system::error_code failed;
    const auto value = json::parse(text, failed);
    if (failed)
        return std::unexpected(fmt::format("it is not JSON: {}", failed.message()));
    handover::json_document document(value);
    const auto root = document.root();
    rehearsal_report report;
    report.proof = root.member("proof").text(longest_reported);
    report.program = root.member("program").text(longest_reported);
    for (const auto each : root.member("neighbors").elements(most_reported))
        report.neighbors.push_back(
            {each.member("neighbor").text(longest_reported), each.member("kept").boolean(),
             each.member("readable").boolean(), each.member("reason").text(longest_reported)});
    return document.result(std::move(report));
}

std::expected<config::configuration, std::string>
configuration_of(const inheritance& left, const std::string& file,
                 const config::load_result* read) {
    auto loaded = read != nullptr && read->settings && read->text == left.configuration
                      ? *read
                      : config::parse(left.configuration, file);
    if (!loaded.settings) {
        const auto error = std::ranges::find(loaded.problems, config::problem::severity::error,
                                             &config::problem::level);
        return std::unexpected(error == loaded.problems.end() ? "" : config::to_string(*error));
    }
    for (auto& neighbor : loaded.settings->neighbors) {
        const auto password = left.passwords.find(neighbor.name);
        neighbor.password = password == left.passwords.end() ? "" : password->second;
        const auto bfd = left.bfd_passwords.find(neighbor.name);
        if (neighbor.bfd && neighbor.bfd->session.authentication && bfd != left.bfd_passwords.end())
            neighbor.bfd->session.authentication->key = bfd->second;
    }
    return *std::move(loaded.settings);
}

std::vector<prospect> prospects(const inheritance& left,
                                const std::expected<config::configuration, std::string>& in_force,
                                const config::configuration& next) {
    std::vector<prospect> all;
    all.reserve(left.unreadable.size() + left.speaker.neighbors.size());
    for (const auto& [name, why] : left.unreadable)
        all.push_back(
            {name, false, false, fmt::format("the new program cannot read its state: {}", why)});
    for (const auto& [name, neighbor] : left.speaker.neighbors)
        all.push_back(prospect_of(name, neighbor.peer, in_force, next));
    std::ranges::sort(all, {}, &prospect::neighbor);
    return all;
}

outcome try_host(const config::configuration& settings, const std::filesystem::path& state,
                 const inheritance& left) {
    if (auto possible = try_directory(state, settings.control); !possible)
        return possible;
    if (auto possible = try_file(state / "drains.json", service::from_json); !possible)
        return possible;
    if (auto possible = try_file(state / "neighbors.json", shutdowns_from_json); !possible)
        return possible;
    if (auto possible = try_file(state / "addresses.json", service::owned_addresses_from_json);
        !possible)
        return possible;
    return try_listeners(settings, left);
}

outcome rehearse(const config::configuration& settings, const std::string& file,
                 const std::filesystem::path& state) {
    const auto text = read_sealed(rehearsed_state);
    if (!text)
        return std::unexpected(fmt::format("the state cannot be read: {}", text.error()));
    const auto left = inheritance_from_json(*text);
    if (!left)
        return std::unexpected(fmt::format("the state cannot be read: {}", left.error()));
    if (auto possible = try_host(settings, state, *left); !possible)
        return possible;
    const auto report =
        to_json(rehearsal_report{left->proof, std::string(text::version()),
                                 prospects(*left, configuration_of(*left, file), settings)});
    if (::write(rehearsed_report, report.data(), report.size()) !=
        static_cast<ssize_t>(report.size()))
        return std::unexpected(fmt::format("cannot report: {}", std::strerror(errno)));
    return {};
}

} // namespace herald::daemon
