#include "herald/fleet/etcd_json.hpp"

#include "base64.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace herald::fleet {

namespace {

namespace json = boost::json;

/// The first key after all that begin with the prefix, "Range" in etcd's documentation.
std::string end_of(std::string_view prefix) {
    std::string end(prefix.substr(0, prefix.find_last_not_of('\xff') + 1));
    if (end.empty()) // there is no such key: the range has no end
        return std::string(1, '\0');
    end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1U);
    return end;
}

json::object range_of(std::string_view prefix) {
    return {{"key", to_base64(prefix)}, {"range_end", to_base64(end_of(prefix))}};
}

struct condition_writer {
    json::object operator()(const etcd_if::modified_at& of) const {
        return {{"target", "MOD"},
                {"result", "EQUAL"},
                {"key", to_base64(of.key)},
                {"mod_revision", fmt::to_string(of.at)}};
    }
    json::object operator()(const etcd_if::created_at& of) const {
        return {{"target", "CREATE"},
                {"result", "EQUAL"},
                {"key", to_base64(of.key)},
                {"create_revision", fmt::to_string(of.at)}};
    }
    json::object operator()(const etcd_if::none_newer& of) const {
        auto written = range_of(of.prefix);
        written["target"] = "MOD";
        written["result"] = "LESS";
        written["mod_revision"] = fmt::to_string(of.than + 1);
        return written;
    }
};

struct change_writer {
    json::object operator()(const etcd_put& of) const {
        json::object put{{"key", to_base64(of.key)}, {"value", to_base64(of.value)}};
        if (of.lease != 0)
            put["lease"] = fmt::to_string(of.lease);
        return {{"request_put", std::move(put)}};
    }
    json::object operator()(const etcd_erase& of) const {
        return {{"request_delete_range", {{"key", to_base64(of.key)}}}};
    }
};

} // namespace

std::string range_request(std::string_view prefix) {
    return json::serialize(range_of(prefix));
}

std::string transaction_request(const etcd_transaction& what) {
    json::array compare;
    for (const auto& condition : what.conditions)
        compare.push_back(std::visit(condition_writer{}, condition));
    json::array success;
    for (const auto& change : what.changes)
        success.push_back(std::visit(change_writer{}, change));
    json::array failure;
    for (const auto& prefix : what.otherwise_read)
        failure.push_back(json::object{{"request_range", range_of(prefix)}});
    return json::serialize(json::object{{"compare", std::move(compare)},
                                        {"success", std::move(success)},
                                        {"failure", std::move(failure)}});
}

std::string grant_request(std::int64_t seconds) {
    return json::serialize(json::object{{"TTL", fmt::to_string(seconds)}});
}

std::string lease_request(lease_id which) {
    return json::serialize(json::object{{"ID", fmt::to_string(which)}});
}

std::string watch_request(std::string_view prefix, revision from) {
    auto what = range_of(prefix);
    what["start_revision"] = fmt::to_string(from);
    return json::serialize(json::object{{"create_request", std::move(what)}});
}

std::string authenticate_request(std::string_view user, std::string_view password) {
    return json::serialize(json::object{{"name", user}, {"password", password}});
}

} // namespace herald::fleet
