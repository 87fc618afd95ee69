#include "herald/config/rows.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

// The keys of [[service.check]] that belong to one type of check.

namespace herald::config {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_argument = 65536;

void read_command(table_reader& from, std::string_view key, std::vector<std::string>& into) {
    constexpr std::size_t most_arguments = 1024;
    for (auto& [argument, where] : from.texts(key, most_arguments, longest_argument))
        into.push_back(std::move(argument));
    if (from.is_empty_array(key))
        from.fail(key, "names no program");
    if (into.empty())
        return;
    // A path that depends on the daemon's working directory would not be what its writer meant.
    const auto& program = into.front();
    if (program.empty() || (program.front() != '/' && program.contains('/')))
        from.fail(key, in_quotes(program) + ": expected an absolute path, or a name that is "
                                            "searched for in PATH");
}

const key_rows<health::exec_settings>& exec_rows() {
    using exec = health::exec_settings;
    using row = key_row<exec>;
    using protocol = exec::exit_protocol;
    static const key_rows<exec> rows{
        row("command", &exec::command, read_command).required(),
        row("protocol", &exec::protocol,
            as_choice<protocol>({{"exit", protocol::exit}, {"nagios", protocol::nagios}}))
            .defaults_to("\"exit\""),
    };
    return rows;
}

/// The key "address" of a type that needs one.
template <class Settings>
key_row<Settings> address_row() {
    const auto whole = [](auto& settings) -> auto& { return settings; };
    const auto read = [](table_reader& from, std::string_view key, Settings& into) {
        if (auto address = from.parsed(key, parse_endpoint)) {
            into.host = std::move(address->host);
            into.port = address->port;
        }
    };
    return key_row<Settings>("address", whole, read).required();
}

const key_rows<health::tcp_settings>& tcp_rows() {
    using tcp = health::tcp_settings;
    using row = key_row<tcp>;
    static const key_rows<tcp> rows{
        address_row<tcp>(),
        row("send", &tcp::send, as_text(longest_argument)),
        row("expect", &tcp::expect, as_text(longest_argument)),
    };
    return rows;
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

/// What is wrong with a field that is to be sent; empty when nothing is.
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

/// Whether a field of that name is likely to carry a secret.
bool is_credential(std::string_view name) {
    std::string lower(name);
    std::ranges::transform(lower, lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    });
    constexpr std::array<std::string_view, 6> words{"auth",     "cookie", "token",
                                                    "password", "secret", "key"};
    return std::ranges::any_of(words, [&](auto word) { return lower.contains(word); });
}

using header = std::pair<std::string, std::string>;

void read_headers(table_reader& from, std::string_view key, std::vector<header>& into) {
    const auto headers = from.subtable(key);
    if (!headers)
        return;
    for (const auto& [name, where, node] : *headers->entries) {
        const auto* value = std::get_if<std::string>(&node.value);
        const auto problem = value == nullptr
                                 ? fmt::format("expected a string, not {}", type_name(node))
                                 : problem_of_header(name, *value);
        if (!problem.empty())
            from.fail_at(where, key, is_token(name) ? in_quotes(name) + ": " + problem : problem);
        else
            into.emplace_back(name, *value);
        if (is_credential(name))
            from.note_secret(where, key);
    }
}

void read_ranges(table_reader& from, std::string_view key,
                 std::vector<health::status_range>& into) {
    constexpr std::size_t most_ranges = 100;
    as_list(health::parse_status_range, most_ranges)(from, key, into);
    if (from.is_empty_array(key))
        from.fail(key, "names none: no response could pass");
}

const key_rows<health::http_settings>& http_rows() {
    using http = health::http_settings;
    using row = key_row<http>;
    static const key_rows<http> rows{
        row("url", &http::url, as_parsed(health::parse_http_url)).required().is_never_quoted(),
        row("address", &http::connect_to, as_parsed(parse_http_address)),
        row("method", &http::method, as_parsed(parse_method)).defaults_to("\"GET\""),
        row("headers", &http::headers, read_headers).is_never_quoted(),
        row("expect_status", &http::expect_status, read_ranges).defaults_to("[\"200-299\"]"),
        row("expect_body", &http::expect_body, as_text(longest_argument)),
        row("verify", &http::verify, as_flag()).defaults_to("true"),
        row("ca_file", &http::ca_file, as_parsed(parse_absolute_path)),
    };
    return rows;
}

const key_rows<health::dns_settings>& dns_rows() {
    using dns = health::dns_settings;
    using row = key_row<dns>;
    static const key_rows<dns> rows{
        address_row<dns>(),
        row("query", &dns::name, as_parsed(health::parse_domain_name)),
        row("record", &dns::record, as_parsed(health::parse_record_type)).defaults_to("\"A\""),
        row("class", &dns::record_class, as_parsed(health::parse_record_class))
            .defaults_to("\"IN\""),
        row("transport", &dns::tcp, as_choice<bool>({{"udp", false}, {"tcp", true}}))
            .defaults_to("\"udp\""),
        row("expect_rcode", &dns::expect_rcode, as_parsed(health::parse_rcode))
            .defaults_to("\"NOERROR\""),
        row("expect_answer", &dns::expect_answer, as_text(longest_argument)),
    };
    return rows;
}

const key_rows<health::ntp_settings>& ntp_rows() {
    constexpr unsigned most = 15; // RFC 5905 §7.3: 16 is unsynchronised
    using ntp = health::ntp_settings;
    static const key_rows<ntp> rows{
        address_row<ntp>(),
        key_row<ntp>("max_stratum", &ntp::max_stratum, as_number<unsigned>(1, most))
            .defaults_to("15"),
    };
    return rows;
}

const key_rows<health::push_settings>& push_rows() {
    using push = health::push_settings;
    static const key_rows<push> rows{
        key_row<push>("ttl", &push::ttl, as_duration(1ms, 24h)).defaults_to("\"10s\""),
    };
    return rows;
}

template <typename Settings>
Settings read_all(const key_rows<Settings>& rows, table_reader& from) {
    Settings settings;
    read_rows(rows, from, settings);
    return settings;
}

health::probe_settings read_http(table_reader& from) {
    auto http = read_all(http_rows(), from);
    if (!from.has("address"))
        http.connect_to = {http.url.host, http.url.port, {}};
    if (!http.expect_body.empty() && http.method == "HEAD")
        from.fail("expect_body", "a response to HEAD has no content");
    for (const auto* key : {"verify", "ca_file"})
        if (from.has(key) && from.has("url") && !http.url.tls)
            from.fail(key, "is for a URL of https");
    if (!http.ca_file.empty() && !http.verify)
        from.fail("ca_file", "without a use: verify is false");
    return http;
}

health::probe_settings read_dns(table_reader& from) {
    auto dns = read_all(dns_rows(), from);
    if (!from.has("query") && from.has("name"))
        dns.name = from.parsed("name", health::parse_domain_name).value_or("");
    else if (!from.has("query"))
        from.fail("query", "missing, but required when the check has no name");
    if (const auto problem = health::problem_of_answer(dns); !problem.empty())
        from.fail("expect_answer", in_quotes(dns.expect_answer) + ": " + problem);
    return dns;
}

} // namespace

const std::vector<check_type>& check_types() {
    using probe = health::probe_settings;
    static const std::vector<check_type> types{
        {"exec", keys_of(exec_rows()),
         [](table_reader& from) -> probe { return read_all(exec_rows(), from); }},
        {"tcp", keys_of(tcp_rows()),
         [](table_reader& from) -> probe { return read_all(tcp_rows(), from); }},
        {"http", keys_of(http_rows()), read_http},
        {"dns", keys_of(dns_rows()), read_dns},
        {"ntp", keys_of(ntp_rows()),
         [](table_reader& from) -> probe { return read_all(ntp_rows(), from); }},
        {"push", keys_of(push_rows()),
         [](table_reader& from) -> probe { return read_all(push_rows(), from); }},
    };
    return types;
}

} // namespace herald::config
