#include "herald/config/bfd.hpp"

#include "herald/config/password.hpp"

#include <string_view>
#include <utility>
#include <variant>

namespace herald::config {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_bfd_password = 20; // RFC 5880 §4.4

auto as_bfd_authentication() {
    using bfd::authentication_type;
    return as_choice<authentication_type>(
        {{"meticulous-sha1", authentication_type::meticulous_sha1},
         {"sha1", authentication_type::keyed_sha1}});
}

/// A default that needs what a neighbor lacks is no error, so that neighbors with authentication
/// can have one password by default.
void check_authentication(table_reader& from, const bfd_entry& entry) {
    if (entry.authentication && !from.has("password") && !from.has("password_file"))
        from.fail("authentication", "needs a password or a password_file");
    if (from.has("authentication"))
        return;
    for (const auto* key : {"key_id", "password", "password_file"})
        if (from.owns(key))
            from.fail(key, "needs authentication, which is \"meticulous-sha1\" or \"sha1\"");
}

void read_bfd(table_reader& neighbor, std::string_view key, peering::neighbor_settings& into) {
    auto from = neighbor.switched_table(key);
    if (!from)
        return;
    bfd_entry entry;
    read_rows(bfd_rows(), *from, entry);
    check_authentication(*from, entry);
    if (entry.authentication)
        entry.session.authentication =
            bfd::authentication_settings{*entry.authentication, entry.key_id, entry.password};
    into.bfd = peering::bfd_settings{std::move(entry.session), entry.multihop};
    into.session.bfd_strict = entry.strict;
}

} // namespace

const key_rows<bfd_entry>& bfd_rows() {
    using entry = bfd_entry;
    using row = key_row<entry>;
    using session = bfd::session_settings;
    static const key_rows<entry> rows{
        row("min_tx", at(&entry::session, &session::min_tx), as_duration(10ms, 60s))
            .defaults_to("\"300ms\""),
        row("min_rx", at(&entry::session, &session::min_rx), as_duration(10ms, 60s))
            .defaults_to("\"300ms\""),
        row("multiplier", at(&entry::session, &session::multiplier), as_number<std::uint8_t>(1))
            .defaults_to("3"),
        row("passive", at(&entry::session, &session::passive), as_flag()).defaults_to("false"),
        row("strict", &entry::strict, as_flag()).defaults_to("false").resets_session(),
        row("multihop", &entry::multihop, as_flag()),
        row("authentication", &entry::authentication, as_bfd_authentication()),
        row("key_id", &entry::key_id, as_number<std::uint8_t>(0)).defaults_to("1"),
        row("password", &entry::password, as_password(longest_bfd_password)).is_secret(),
        row("password_file", &entry::password, as_password_file(longest_bfd_password))
            .same_as("password"),
    };
    return rows;
}

bfd_entry bfd_entry_of(const peering::neighbor_settings& neighbor) {
    bfd_entry entry;
    entry.strict = neighbor.session.bfd_strict;
    if (!neighbor.bfd)
        return entry;
    entry.session = neighbor.bfd->session;
    entry.multihop = neighbor.bfd->multihop;
    if (const auto& authentication = neighbor.bfd->session.authentication) {
        entry.authentication = authentication->type;
        entry.key_id = authentication->key_id;
        entry.password = authentication->key;
    }
    return entry;
}

void check_bfd_keys(const named_table& neighbor, problem_list& problems) {
    const auto* found = neighbor.entries != nullptr ? find(*neighbor.entries, "bfd") : nullptr;
    if (found == nullptr)
        return;
    if (const auto* entries = std::get_if<table>(&found->value.value))
        check_keys(*entries, find_known_table(neighbor.name + ".bfd"), problems);
}

key_row<peering::neighbor_settings> bfd_row() {
    using settings = peering::neighbor_settings;
    const auto whole = [](auto& neighbor) -> auto& { return neighbor; };
    return key_row<settings>("bfd", whole, read_bfd)
        .defaults_to("false")
        .differs_if([](const settings& now, const settings& next) {
            return now.bfd.has_value() != next.bfd.has_value();
        });
}

} // namespace herald::config
