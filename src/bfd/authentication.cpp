#include "herald/bfd/authentication.hpp"

#include "herald/bfd/sha1.hpp"

#include <algorithm>
#include <cstddef>

namespace herald::bfd {
namespace {

constexpr std::size_t section_size = 8 + std::tuple_size_v<sha1_digest>; // RFC 5880 §4.4
constexpr std::uint8_t a_flag = 0x04;                                    // "authentication present"

/// Of the whole packet, with the key, filled up with zeros, where the digest is to be.
sha1_digest digest_of(octets packet, std::size_t section_at, const std::string& key) {
    std::vector<std::uint8_t> keyed(packet.begin(), packet.end());
    const auto place = keyed.begin() + static_cast<std::ptrdiff_t>(section_at + section_size -
                                                                   std::tuple_size_v<sha1_digest>);
    std::fill_n(place, std::tuple_size_v<sha1_digest>, std::uint8_t{0});
    std::copy_n(key.begin(), std::min(key.size(), std::tuple_size_v<sha1_digest>), place);
    return sha1(keyed);
}

/// Takes the same time wherever they differ.
bool equal(octets one, octets other) {
    unsigned difference = one.size() == other.size() ? 0 : 1;
    for (std::size_t i = 0; i < std::min(one.size(), other.size()); ++i)
        difference |= static_cast<unsigned>(one[i] ^ other[i]);
    return difference == 0;
}

} // namespace

void sign(std::vector<std::uint8_t>& packet, const authentication_settings& with,
          std::uint32_t sequence) {
    const auto section_at = packet.size();
    packet[1] |= a_flag;
    packet[3] = static_cast<std::uint8_t>(section_at + section_size);
    wire::writer out(packet);
    out.write(static_cast<std::uint8_t>(with.type));
    out.write(std::uint8_t{section_size});
    out.write(with.key_id);
    out.write(std::uint8_t{0}); // reserved
    out.write(sequence);
    packet.resize(section_at + section_size);
    std::ranges::copy(digest_of(packet, section_at, with.key),
                      packet.end() - std::tuple_size_v<sha1_digest>);
}

std::expected<std::optional<std::uint32_t>, discard>
verify(const received_packet& arrived, const std::optional<authentication_settings>& with) {
    if (!with) {
        if (!arrived.authentication.empty())
            return std::unexpected(discard::authentication_unexpected);
        return std::nullopt;
    }
    if (arrived.authentication.empty())
        return std::unexpected(discard::authentication_missing);
    wire::reader in(arrived.authentication);
    if (in.read<std::uint8_t>() != static_cast<std::uint8_t>(with->type))
        return std::unexpected(discard::authentication_type);
    if (in.read<std::uint8_t>() != section_size || in.size() < section_size - 2)
        return std::unexpected(discard::authentication_length);
    if (in.read<std::uint8_t>() != with->key_id)
        return std::unexpected(discard::authentication_key);
    in.take(1); // reserved
    const auto sequence = in.read<std::uint32_t>();
    const auto digest = in.take(std::tuple_size_v<sha1_digest>);
    const auto section_at = arrived.whole.size() - arrived.authentication.size();
    if (!digest || !equal(*digest, digest_of(arrived.whole, section_at, with->key)))
        return std::unexpected(discard::authentication_digest);
    return sequence;
}

} // namespace herald::bfd
