#include "feed_json.hpp"

#include "herald/handover/json_values.hpp"
#include "herald/wire/framer.hpp"
#include "herald/wire/update.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <span>
#include <unordered_map>

namespace herald::handover {

namespace {

namespace json = boost::json;
using bgp::feed_snapshot;
using bgp::shared_attributes;
using marker = feed_snapshot::marker;
using refresh = feed_snapshot::refresh;
using route = feed_snapshot::route;

constexpr json_names<marker, 3> markers{
    {{"none", marker::none}, {"owed", marker::owed}, {"sent", marker::sent}}};
constexpr json_names<net::address_family, 2> families{
    {{net::to_string(net::address_family::ipv4), net::address_family::ipv4},
     {net::to_string(net::address_family::ipv6), net::address_family::ipv6}}};
constexpr json_names<refresh, 3> refreshes{
    {{"none", refresh::none}, {"plain", refresh::plain}, {"enhanced", refresh::enhanced}}};

/// Whatever the session's own format is, in this one all attributes come back as they were.
constexpr wire::update_format format{.four_octet_as = true,
                                     .internal = true,
                                     .extended_next_hop = true,
                                     .max_size = wire::max_extended_message_size};
constexpr std::size_t longest_body = wire::max_extended_message_size - wire::header_size;
constexpr std::size_t most_routes = 1'000'000;

template <typename Value>
using by_attributes = std::unordered_map<const wire::path_attributes*, Value, bgp::attributes_hash,
                                         bgp::attributes_equal>;

/// The prefixes of routes with equal attributes.
struct batch {
    shared_attributes attributes;
    std::vector<net::ip_prefix> prefixes;
};

std::vector<batch> batches_of(const bgp::sent_routes& routes) {
    std::vector<batch> batches;
    by_attributes<std::size_t> known;
    for (const auto& each : routes) {
        const auto [found, is_new] = known.try_emplace(each.attributes.get(), batches.size());
        if (is_new)
            batches.push_back({each.attributes, {}});
        batches[found->second].prefixes.push_back(each.prefix);
    }
    return batches;
}

/// The bodies of UPDATEs. An empty one, which nobody can read, stands for what has no room in any:
/// better no session than one of which it is not known what was sent.
void append_updates(json::array& to, const batch& equal) {
    for (std::span rest(equal.prefixes); !rest.empty();) {
        const auto update = wire::encode_announcement(*equal.attributes, rest, format);
        const auto header = std::min(update.bytes.size(), wire::header_size);
        to.push_back(json_octets(std::span(update.bytes).subspan(header)));
        if (update.count == 0)
            return;
        rest = rest.subspan(update.count);
    }
}

json::array updates_to_json(const bgp::sent_routes& routes) {
    json::array updates;
    for (const auto& each : batches_of(routes))
        append_updates(updates, each);
    return updates;
}

/// Runs of routes, each as its first and how many there are.
json::array due_again_to_json(const bgp::sent_routes& routes) {
    json::array runs;
    for (auto at = routes.begin(); at != routes.end();) {
        const auto first =
            std::find_if(at, routes.end(), [](auto& each) { return each.due_again; });
        at = std::find_if_not(first, routes.end(), [](auto& each) { return each.due_again; });
        if (first != at)
            runs.push_back(json::array{first - routes.begin(), at - first});
    }
    return runs;
}

/// What was sent is right for its session, so nothing in it may be wrong. Only what a session of
/// another kind requires need not be there: LOCAL_PREF, to say it.
bool is_right(const wire::checked_update& checked) {
    return std::ranges::all_of(checked.malformations, [](const wire::malformation& found) {
        return found.error.subcode == wire::update_error::missing_well_known;
    });
}

/// None: it is not an UPDATE that just announces prefixes.
std::optional<wire::update_message> decode_body(wire::octets body) {
    auto checked = wire::check_update(body, format);
    if (!checked || !is_right(*checked))
        return std::nullopt;
    checked->outcome = wire::disposition::none;
    auto update = wire::decode_update(*checked, format);
    if (!update.withdrawn.empty() || update.announced.empty() || !update.attributes.next_hop)
        return std::nullopt;
    return update;
}

/// Reads routes, each set of attributes once.
class route_reader {
public:
    explicit route_reader(net::address_family family) : family_(family) {}

    void add(json_reader from) {
        auto update = decode_body(from.octets(longest_body));
        if (!update)
            return from.fail("it is not an UPDATE that announces routes");
        if (routes_.size() + update->announced.size() > most_routes)
            return from.fail(fmt::format("there are more than {} routes", most_routes));
        const auto attributes = shared(std::move(update->attributes));
        for (const auto& prefix : update->announced) {
            if (prefix.family() != family_)
                return from.fail("it has routes of another family");
            routes_.push_back({prefix, attributes, false});
        }
    }

    /// In order of prefix.
    std::vector<route> take() {
        std::ranges::sort(routes_, {}, &route::prefix);
        return std::move(routes_);
    }

private:
    shared_attributes shared(wire::path_attributes&& attributes) {
        if (const auto known = known_.find(&attributes); known != known_.end())
            return known->second;
        auto made = std::make_shared<const wire::path_attributes>(std::move(attributes));
        known_.emplace(made.get(), made);
        return made;
    }

    net::address_family family_;
    std::vector<route> routes_;
    by_attributes<shared_attributes> known_;
};

void read_due_again(json_reader from, std::vector<route>& routes) {
    for (const auto run : from.elements(routes.size())) {
        const auto numbers = run.elements(2);
        if (numbers.size() != 2)
            return run.fail("it is not a first route and a number of routes");
        const auto first = numbers[0].integer<std::size_t>(0, routes.size());
        const auto count = numbers[1].integer<std::size_t>(0, routes.size() - first);
        for (auto& each : std::span(routes).subspan(first, count))
            each.due_again = true;
    }
}

json::object routes_to_json(const bgp::sent_routes& routes) {
    return {{"updates", updates_to_json(routes)}, {"due_again", due_again_to_json(routes)}};
}

bgp::sent_routes read_routes(json_reader from, net::address_family family) {
    route_reader reader(family);
    for (const auto update : from.member("updates").elements(most_routes))
        reader.add(update);
    auto routes = reader.take();
    read_due_again(from.member("due_again"), routes);
    return bgp::sent_routes(std::move(routes));
}

bgp::sent_routes find_table(json_reader number, net::address_family family,
                            const read_tables& tables) {
    const auto at = number.integer<std::size_t>();
    if (at >= tables.size() || tables[at].family != family)
        number.fail("there is no such table");
    else if (!tables[at].routes)
        number.fail(tables[at].routes.error());
    else
        return *tables[at].routes;
    return {};
}

} // namespace

std::size_t route_tables::add(const bgp::sent_routes& routes, net::address_family family) {
    const auto [known, is_new] = known_.try_emplace(routes.identity(), written_.size());
    if (is_new) {
        auto table = routes_to_json(routes);
        table["family"] = net::to_string(family);
        written_.push_back(std::move(table));
        kept_.push_back(routes);
    }
    return known->second;
}

read_tables tables_from_json(const json::array& tables) {
    read_tables all;
    for (const auto& each : tables) {
        json_document document(each);
        const auto root = document.root();
        const auto family = root.member("family").choice(families);
        auto routes = read_routes(root, family);
        all.push_back({family, document.result(std::move(routes))});
    }
    return all;
}

json::value feed_to_json(const feed_snapshot& feed, net::address_family family,
                         route_tables* tables) {
    auto written = tables != nullptr ? json::object{{"table", tables->add(feed.routes, family)}}
                                     : routes_to_json(feed.routes);
    written["end_of_rib"] = name_of(feed.end_of_rib, markers);
    written["repeat_asked"] = feed.repeat_asked;
    written["refresh_asked"] = feed.refresh_asked;
    written["repeat_due"] = feed.repeat_due;
    written["answering"] = name_of(feed.answering, refreshes);
    return written;
}

feed_snapshot read_feed(json_reader from, net::address_family family, const read_tables& tables) {
    feed_snapshot read;
    if (const auto number = from.optional("table"))
        read.routes = find_table(*number, family, tables);
    else
        read.routes = read_routes(from, family);
    read.end_of_rib = from.member("end_of_rib").choice(markers);
    read.repeat_asked = from.member("repeat_asked").boolean();
    read.refresh_asked = from.member("refresh_asked").boolean();
    read.repeat_due = from.member("repeat_due").boolean();
    read.answering = from.member("answering").choice(refreshes);
    return read;
}

} // namespace herald::handover
