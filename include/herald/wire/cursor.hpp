#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace herald::wire {

using octets = std::span<const std::uint8_t>;

/// Reads numbers in network order from the front of a span; a read past the end yields nothing
/// and leaves the reader as it was.
class reader {
public:
    constexpr explicit reader(octets bytes) : rest_(bytes) {}

    constexpr std::size_t size() const { return rest_.size(); }
    constexpr bool empty() const { return rest_.empty(); }
    constexpr octets rest() const { return rest_; }

    template <std::unsigned_integral T>
    constexpr std::optional<T> read() {
        if (rest_.size() < sizeof(T))
            return std::nullopt;
        T value = 0;
        for (auto octet : rest_.first(sizeof(T)))
            value = static_cast<T>((static_cast<std::uint64_t>(value) << 8U) | octet);
        rest_ = rest_.subspan(sizeof(T));
        return value;
    }

    constexpr std::optional<octets> take(std::size_t count) {
        if (rest_.size() < count)
            return std::nullopt;
        auto taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }

private:
    octets rest_;
};

/// Appends numbers in network order to a vector, and fills in lengths once they are known.
class writer {
public:
    explicit writer(std::vector<std::uint8_t>& out) : out_(out) {}

    std::size_t position() const { return out_.size(); }

    template <std::unsigned_integral T>
    void write(T value) {
        for (auto shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8)
            out_.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> shift));
    }

    void write(octets bytes) {
        const auto end = out_.size();
        out_.resize(end + bytes.size());
        std::ranges::copy(bytes, out_.begin() + static_cast<std::ptrdiff_t>(end));
    }

    /// Overwrites the number at `position`, written before.
    template <std::unsigned_integral T>
    void patch(std::size_t position, T value) {
        for (std::size_t i = 0; i < sizeof(T); ++i)
            out_[position + i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >>
                                                           (8 * (sizeof(T) - 1 - i)));
    }

private:
    std::vector<std::uint8_t>& out_;
};

} // namespace herald::wire
