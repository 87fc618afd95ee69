#include "herald/fleet/etcd_json.hpp"

#include "base64.hpp"
#include "herald/text/harmless.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <charconv>
#include <fmt/format.h>
#include <utility>

namespace herald::fleet {

namespace {

namespace json = boost::json;

constexpr std::size_t longest_quotation = 200;

std::string quotation(std::string_view words) {
    return text::harmless(text::cut(words, longest_quotation));
}

/// The fields of an object. What is missing is 0, empty or false, as protobuf's mapping leaves that
/// out; the first that is something else is noted in `fault`.
class fields {
public:
    fields(const json::value& from, std::string& fault) : from_(from.if_object()), fault_(fault) {
        if (from_ == nullptr)
            fail("an element");
    }
    fields(const json::object& from, std::string& fault) : from_(&from), fault_(fault) {}

    template <class number>
    number integer(std::string_view key) const;
    bool flag(std::string_view key) const;
    std::string_view words(std::string_view key) const;
    std::string octets(std::string_view key) const;
    const json::array& elements(std::string_view key) const;
    /// An object that is there, or an empty one.
    const json::object& object(std::string_view key) const;
    void fail(std::string_view what) const;

private:
    const json::value* find(std::string_view key) const {
        return from_ == nullptr ? nullptr : from_->if_contains(key);
    }

    const json::object* from_;
    std::string& fault_;
};

void fields::fail(std::string_view what) const {
    if (fault_.empty())
        fault_ = fmt::format("not a reply of etcd: {} is not what it should be", what);
}

template <class number>
number fields::integer(std::string_view key) const {
    const auto* const found = find(key);
    number value = 0;
    if (found == nullptr)
        return value;
    if (const auto* const digits = found->if_string()) {
        const auto [end, error] =
            std::from_chars(digits->data(), digits->data() + digits->size(), value);
        if (error == std::errc{} && end == digits->data() + digits->size())
            return value;
    } else if (const auto* const whole = found->if_int64();
               whole != nullptr && std::in_range<number>(*whole)) {
        return static_cast<number>(*whole);
    }
    fail(key);
    return 0;
}

bool fields::flag(std::string_view key) const {
    const auto* const found = find(key);
    if (found == nullptr)
        return false;
    if (!found->is_bool())
        fail(key);
    return found->is_bool() && found->get_bool();
}

std::string_view fields::words(std::string_view key) const {
    const auto* const found = find(key);
    if (found == nullptr)
        return {};
    if (const auto* const string = found->if_string())
        return {string->data(), string->size()};
    fail(key);
    return {};
}

std::string fields::octets(std::string_view key) const {
    auto decoded = from_base64(words(key));
    if (!decoded)
        fail(key);
    return std::move(decoded).value_or("");
}

const json::array& fields::elements(std::string_view key) const {
    static const json::array none;
    const auto* const found = find(key);
    if (found == nullptr)
        return none;
    if (!found->is_array())
        fail(key);
    return found->is_array() ? found->get_array() : none;
}

const json::object& fields::object(std::string_view key) const {
    static const json::object none;
    const auto* const found = find(key);
    if (found == nullptr)
        return none;
    if (!found->is_object())
        fail(key);
    return found->is_object() ? found->get_object() : none;
}

template <class value>
etcd_read<value> unless(const std::string& fault, value read) {
    if (!fault.empty())
        return std::unexpected(fault);
    return read;
}

key_value read_key_value(const fields& from) {
    return {from.octets("key"),
            from.octets("value"),
            from.integer<revision>("create_revision"),
            from.integer<revision>("mod_revision"),
            from.integer<std::int64_t>("version"),
            from.integer<lease_id>("lease")};
}

std::vector<key_value> read_key_values(const fields& from, std::string& fault) {
    std::vector<key_value> all;
    for (const auto& each : from.elements("kvs"))
        all.push_back(read_key_value(fields(each, fault)));
    return all;
}

revision read_revision(const json::object& reply, std::string& fault) {
    const auto& header = fields(reply, fault).object("header");
    return fields(header, fault).integer<revision>("revision");
}

/// Of gRPC, "Status codes and their use in gRPC". What any member of etcd would answer.
bool concerns_request(std::int64_t code) {
    constexpr std::array<std::int64_t, 5> those{3, 5, 7, 9, 11}; // invalid argument, not found,
    return std::ranges::find(those, code) != those.end(); // denied, failed precondition, range
}

/// Simple tokens expire, are unknown to a member that was restarted, and are void after any change
/// of users and roles: "invalid auth token", code 16, and "revision of auth store is old", code 3.
bool concerns_token(std::string_view message, std::int64_t code) {
    constexpr std::int64_t unauthenticated = 16;
    return code == unauthenticated || message.contains("invalid auth token") ||
           message.contains("revision of auth store is old");
}

std::string explained(std::string_view message) {
    auto said = quotation(message);
    if (message.contains("user name is empty"))
        said += ": it wants a user and a password";
    return said;
}

etcd_refusal refusal_of(std::string_view message, std::int64_t code) {
    using enum etcd_refusal::about;
    return {concerns_token(message, code) ? token
            : concerns_request(code)      ? request
                                          : endpoint,
            explained(message)};
}

/// {"error": "…", "code": 5}, or within a stream {"error": {"message": "…", "grpc_code": 5}}.
etcd_refusal read_error(const json::object& reply) {
    std::string fault;
    const fields all(reply, fault);
    const auto* const inner = reply.at("error").if_object();
    const fields from(inner != nullptr ? *inner : reply, fault);
    const auto message = inner != nullptr ? from.words("message") : all.words("error");
    const auto code = from.integer<std::int64_t>(inner != nullptr ? "grpc_code" : "code");
    return fault.empty() ? refusal_of(message, code)
                         : etcd_refusal{etcd_refusal::about::endpoint, fault};
}

/// etcd 3.4 with authentication, embed/serve.go: its gateway shows the server's own certificate to
/// the server, so that a client's name would not count.
bool is_about_common_name(unsigned status, std::string_view content) {
    constexpr unsigned bad_request = 400;
    return status == bad_request && content.contains("CommonName of client");
}

etcd_refusal not_etcd(unsigned status, std::string_view content) {
    constexpr unsigned ok = 200;
    if (is_about_common_name(status, content))
        return {etcd_refusal::about::request,
                "etcd's gateway refuses client certificates that have a common name, as it "
                "authenticates users: cert_file must be one that has none"};
    const auto begin = quotation(content.substr(0, content.find_last_not_of(" \r\n") + 1));
    if (status != ok)
        return {etcd_refusal::about::endpoint, fmt::format("answered {}: {}", status, begin)};
    return {etcd_refusal::about::endpoint, fmt::format("not a reply of etcd: \"{}\"", begin)};
}

} // namespace

std::expected<json::object, etcd_refusal> read_reply(unsigned status, std::string_view content) {
    constexpr unsigned ok = 200;
    boost::system::error_code malformed;
    auto parsed = json::parse(json::string_view(content.data(), content.size()), malformed);
    auto* const reply = malformed ? nullptr : parsed.if_object();
    if (reply == nullptr)
        return std::unexpected(not_etcd(status, content));
    if (reply->contains("error"))
        return std::unexpected(read_error(*reply));
    if (status != ok)
        return std::unexpected(not_etcd(status, content));
    if (auto* const result = reply->if_contains("result"); result != nullptr && result->is_object())
        return std::move(result->get_object());
    return std::move(*reply);
}

etcd_read<etcd_header> read_header(const json::object& reply) {
    std::string fault;
    const fields from(fields(reply, fault).object("header"), fault);
    const etcd_header header{from.integer<std::uint64_t>("cluster_id"),
                             from.integer<std::uint64_t>("raft_term")};
    if (fault.empty() && header.cluster == 0)
        fault = "not a reply of etcd: it names no cluster";
    return unless(fault, header);
}

etcd_read<etcd_range> read_range(const json::object& reply) {
    std::string fault;
    const fields from(reply, fault);
    if (from.flag("more"))
        from.fail("more");
    etcd_range read{read_revision(reply, fault), read_key_values(from, fault)};
    return unless(fault, std::move(read));
}

etcd_read<etcd_outcome> read_outcome(const json::object& reply, std::size_t prefixes) {
    std::string fault;
    const fields from(reply, fault);
    etcd_outcome read{from.flag("succeeded"), read_revision(reply, fault), {}};
    if (read.succeeded)
        return unless(fault, std::move(read));
    for (const auto& each : from.elements("responses")) {
        const auto& range = fields(each, fault).object("response_range");
        read.ranges.push_back(read_key_values(fields(range, fault), fault));
    }
    if (read.ranges.size() != prefixes)
        from.fail("responses");
    return unless(fault, std::move(read));
}

etcd_read<lease_id> read_grant(const json::object& reply) {
    std::string fault;
    const fields from(reply, fault);
    const auto id = from.integer<lease_id>("ID");
    if (id == 0)
        from.fail("ID");
    return unless(fault, id);
}

etcd_read<bool> read_kept_alive(const json::object& reply) {
    std::string fault;
    const bool alive = fields(reply, fault).integer<std::int64_t>("TTL") > 0;
    return unless(fault, alive);
}

etcd_read<std::string> read_token(const json::object& reply) {
    std::string fault;
    const fields from(reply, fault);
    std::string token(from.words("token"));
    if (token.empty() || !text::is_harmless(token))
        from.fail("token");
    return unless(fault, std::move(token));
}

std::expected<etcd_events, etcd_watch_end> read_events(const json::object& message) {
    std::string fault;
    const fields from(message, fault);
    const auto compacted = from.integer<revision>("compact_revision");
    const auto reason = from.words("cancel_reason");
    if (compacted != 0)
        return std::unexpected(etcd_watch_end{
            fmt::format("etcd has forgotten what was before revision {}", compacted), compacted});
    if (from.flag("canceled"))
        return std::unexpected(
            etcd_watch_end{reason.empty() ? "etcd has ended the watch" : explained(reason)});
    etcd_events read{read_revision(message, fault), {}};
    for (const auto& each : from.elements("events")) {
        const fields event(each, fault);
        const auto type = event.words("type");
        if (!type.empty() && type != "PUT" && type != "DELETE")
            event.fail("type");
        const fields what(event.object("kv"), fault);
        read.those.push_back({type == "DELETE", read_key_value(what)});
    }
    if (!fault.empty())
        return std::unexpected(etcd_watch_end{fault});
    return read;
}

std::expected<void, etcd_refusal> read_created(const json::object& message) {
    std::string fault;
    const fields from(message, fault);
    const auto reason = from.words("cancel_reason");
    const bool canceled = from.flag("canceled");
    if (!from.flag("created"))
        from.fail("created");
    if (!fault.empty())
        return std::unexpected(etcd_refusal{etcd_refusal::about::endpoint, fault});
    if (!canceled)
        return {};
    auto refusal = refusal_of(reason, 0);
    if (reason.contains("PermissionDenied"))
        refusal.what = etcd_refusal::about::request;
    return std::unexpected(std::move(refusal));
}

} // namespace herald::fleet
