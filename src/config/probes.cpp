#include "herald/config/sections.hpp"

#include <algorithm>
#include <fmt/format.h>

// The keys of [[service.check]] that belong to one type of check.

namespace herald::config {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_argument = 65536;

health::exec_settings read_exec(table_reader& from) {
    using protocol = health::exec_settings::exit_protocol;
    constexpr std::size_t most_arguments = 1024;
    health::exec_settings exec;
    from.require("command");
    for (auto& [argument, where] : from.texts("command", most_arguments, longest_argument))
        exec.command.push_back(std::move(argument));
    if (from.is_empty_array("command"))
        from.fail("command", "names no program");
    // A path that depends on the daemon's working directory would not be what its writer meant.
    if (!exec.command.empty()) {
        const auto& program = exec.command.front();
        if (program.empty() || (program.front() != '/' && program.contains('/')))
            from.fail("command", in_quotes(program) +
                                     ": expected an absolute path, or a name that is "
                                     "searched for in PATH");
    }
    exec.protocol =
        from.choice<protocol>("protocol", {{"exit", protocol::exit}, {"nagios", protocol::nagios}})
            .value_or(exec.protocol);
    return exec;
}

/// The key "address" of a type that needs one.
template <class settings>
void read_address(table_reader& from, settings& into) {
    from.require("address");
    if (auto address = from.parsed("address", parse_endpoint)) {
        into.host = std::move(address->host);
        into.port = address->port;
    }
}

health::tcp_settings read_tcp(table_reader& from) {
    health::tcp_settings tcp;
    read_address(from, tcp);
    tcp.send = from.text("send", longest_argument).value_or("");
    tcp.expect = from.text("expect", longest_argument).value_or("");
    return tcp;
}

std::expected<std::string, std::string> parse_absolute_path(std::string_view text) {
    if (!text.starts_with('/'))
        return std::unexpected("expected an absolute path");
    return std::string(text);
}

/// "host:port", or a UNIX socket's path.
std::expected<health::http_address, std::string> parse_http_address(std::string_view text) {
    constexpr std::size_t longest_socket_path = 107; // unix(7)
    if (text.starts_with('/') && text.size() > longest_socket_path)
        return std::unexpected("too long for a UNIX socket's path");
    if (text.starts_with('/'))
        return health::http_address{{}, 0, std::string(text)};
    auto address = parse_endpoint(text);
    if (!address)
        return std::unexpected(address.error() + ", or a UNIX socket's absolute path");
    return health::http_address{std::move(address->host), address->port, {}};
}

bool is_token(std::string_view text) {
    static constexpr std::string_view others = "!#$%&'*+-.^_`|~"; // RFC 9110 §5.6.2
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               others.contains(c);
    });
}

std::expected<std::string, std::string> parse_method(std::string_view text) {
    constexpr std::size_t longest = 32;
    // CONNECT makes a tunnel of the connection; there is no response to judge.
    if (!is_token(text) || text.size() > longest || text == "CONNECT")
        return std::unexpected("not a method such as GET, HEAD or POST");
    return std::string(text);
}

/// What is wrong with a field that is to be sent; empty where nothing is.
std::string problem_of_header(std::string_view name, std::string_view value) {
    if (!is_token(name))
        return "not the name of a header";
    for (const std::string_view own : {"content-length", "transfer-encoding", "connection"})
        if (std::ranges::equal(name, own, [](char a, char b) { return (a | 0x20) == b; }))
            return "herald sets this one itself";
    // RFC 9110 §5.5: a line end would begin another field.
    if (std::ranges::any_of(value, [](char c) {
            return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f;
        }))
        return "a header's value has no control characters";
    return {};
}

void read_headers(table_reader& from, health::http_settings& into) {
    const auto headers = from.subtable("headers");
    if (!headers)
        return;
    for (const auto& [name, where, node] : *headers->entries) {
        const auto* value = std::get_if<std::string>(&node.value);
        const auto problem = value == nullptr
                                 ? fmt::format("expected a string, not {}", type_name(node))
                                 : problem_of_header(name, *value);
        if (problem.empty())
            into.headers.emplace_back(name, *value);
        else
            from.fail_at(where, "headers", in_quotes(name) + ": " + problem);
    }
}

void read_expectations(table_reader& from, health::http_settings& into) {
    constexpr std::size_t most_ranges = 100;
    if (from.has("expect_status")) {
        into.expect_status.clear();
        for (auto& [range, where] :
             from.parsed_list("expect_status", health::parse_status_range, most_ranges))
            into.expect_status.push_back(range);
    }
    if (from.is_empty_array("expect_status"))
        from.fail("expect_status", "names none: no response could pass");
    into.expect_body = from.text("expect_body", longest_argument).value_or("");
    if (!into.expect_body.empty() && into.method == "HEAD")
        from.fail("expect_body", "a response to HEAD has no content");
}

health::http_settings read_http(table_reader& from) {
    health::http_settings http;
    from.require("url");
    http.url = from.parsed("url", health::parse_http_url).value_or(http.url);
    http.connect_to = from.parsed("address", parse_http_address)
                          .value_or(health::http_address{http.url.host, http.url.port, {}});
    http.method = from.parsed("method", parse_method).value_or(http.method);
    read_headers(from, http);
    read_expectations(from, http);
    http.verify = from.flag("verify").value_or(http.verify);
    http.ca_file = from.parsed("ca_file", parse_absolute_path).value_or("");
    for (const auto* key : {"verify", "ca_file"})
        if (from.has(key) && from.has("url") && !http.url.tls)
            from.fail(key, "is for a URL of https");
    if (!http.ca_file.empty() && !http.verify)
        from.fail("ca_file", "without a use: verify is false");
    return http;
}

health::dns_settings read_dns(table_reader& from) {
    health::dns_settings dns;
    read_address(from, dns);
    const auto* asked = from.has("query") ? "query" : "name";
    if (!from.has(asked))
        from.fail("query", "missing, but required where the check has no name");
    dns.name = from.parsed(asked, health::parse_domain_name).value_or("");
    dns.record = from.parsed("record", health::parse_record_type).value_or(dns.record);
    dns.record_class = from.parsed("class", health::parse_record_class).value_or(dns.record_class);
    dns.tcp = from.choice<bool>("transport", {{"udp", false}, {"tcp", true}}).value_or(dns.tcp);
    dns.expect_rcode = from.parsed("expect_rcode", health::parse_rcode).value_or(dns.expect_rcode);
    dns.expect_answer = from.text("expect_answer", longest_argument).value_or("");
    if (const auto problem = health::problem_of_answer(dns); !problem.empty())
        from.fail("expect_answer", in_quotes(dns.expect_answer) + ": " + problem);
    return dns;
}

health::ntp_settings read_ntp(table_reader& from) {
    constexpr unsigned most = 15; // RFC 5905 §7.3: 16 is unsynchronised
    health::ntp_settings ntp;
    read_address(from, ntp);
    ntp.max_stratum = from.number<unsigned>("max_stratum", 1, most).value_or(ntp.max_stratum);
    return ntp;
}

health::push_settings read_push(table_reader& from) {
    health::push_settings push;
    push.ttl = from.duration("ttl", 1ms, 24h).value_or(push.ttl);
    return push;
}

} // namespace

health::probe_settings read_probe(std::string_view type, table_reader& check) {
    if (type == "exec")
        return read_exec(check);
    if (type == "tcp")
        return read_tcp(check);
    if (type == "http")
        return read_http(check);
    if (type == "dns")
        return read_dns(check);
    if (type == "ntp")
        return read_ntp(check);
    return read_push(check);
}

} // namespace herald::config
