#include "herald/bfd/sha1.hpp"

#include <bit>
#include <cstddef>
#include <span>
#include <vector>

namespace herald::bfd {
namespace {

constexpr std::size_t block_size = 64;
using hash_value = std::array<std::uint32_t, 5>;
using schedule = std::array<std::uint32_t, 80>;

/// The message, and what makes it a multiple of a block, FIPS 180-4 §5.1.1.
std::vector<std::uint8_t> pad(wire::octets message) {
    std::vector<std::uint8_t> padded(message.begin(), message.end());
    padded.push_back(0x80);
    while (padded.size() % block_size != block_size - sizeof(std::uint64_t))
        padded.push_back(0);
    wire::writer(padded).write(std::uint64_t{message.size()} * 8);
    return padded;
}

schedule expand(wire::octets block) {
    schedule words{};
    wire::reader in(block);
    for (std::size_t t = 0; t < 16; ++t)
        words[t] = in.read<std::uint32_t>().value_or(0);
    for (std::size_t t = 16; t < words.size(); ++t)
        words[t] = std::rotl(words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16], 1);
    return words;
}

/// f(x, y, z) + K of step `t`, FIPS 180-4 §4.1.1 and §4.2.1.
std::uint32_t mix(std::size_t t, std::uint32_t x, std::uint32_t y, std::uint32_t z) {
    if (t < 20)
        return ((x & y) ^ (~x & z)) + 0x5A827999U;
    if (t < 40)
        return (x ^ y ^ z) + 0x6ED9EBA1U;
    if (t < 60)
        return ((x & y) ^ (x & z) ^ (y & z)) + 0x8F1BBCDCU;
    return (x ^ y ^ z) + 0xCA62C1D6U;
}

void add_block(hash_value& hash, wire::octets block) {
    const auto words = expand(block);
    auto [a, b, c, d, e] = hash;
    for (std::size_t t = 0; t < words.size(); ++t) {
        const std::uint32_t next = std::rotl(a, 5) + mix(t, b, c, d) + e + words[t];
        e = d;
        d = c;
        c = std::rotl(b, 30);
        b = a;
        a = next;
    }
    hash = {hash[0] + a, hash[1] + b, hash[2] + c, hash[3] + d, hash[4] + e};
}

} // namespace

sha1_digest sha1(wire::octets message) {
    hash_value hash{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    const auto padded = pad(message);
    for (std::size_t at = 0; at < padded.size(); at += block_size)
        add_block(hash, wire::octets(padded).subspan(at, block_size));
    sha1_digest digest{};
    for (std::size_t i = 0; i < digest.size(); ++i)
        digest[i] = static_cast<std::uint8_t>(hash[i / 4] >> (24 - 8 * (i % 4)));
    return digest;
}

} // namespace herald::bfd
