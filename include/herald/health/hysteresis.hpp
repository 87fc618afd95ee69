#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace herald::health {

/// What a check says, from best to worst.
enum class verdict : std::uint8_t { pass, degraded, fail };

std::string_view to_string(verdict value);

/// What a series of results came to so far.
struct hysteresis_snapshot {
    std::optional<verdict> settled;
    std::optional<verdict> last;
    // How many of the last results in a row were:
    unsigned passes = 0;
    unsigned not_failures = 0; // pass or degraded
    unsigned not_passes = 0;   // degraded or fail
    unsigned failures = 0;
    friend bool operator==(const hysteresis_snapshot&, const hysteresis_snapshot&) = default;
};

/// Settles a series of results: the last `rise` results, all better than the settled verdict,
/// improve it, the last `fall`, all worse, make it worse; to the least change that all of them
/// support. Before it has settled for the first time, `rise` results that are not failures settle
/// it, as do `fall` failures. Pure.
class hysteresis {
public:
    hysteresis(unsigned rise, unsigned fall, const hysteresis_snapshot& from = {})
        : rise_(rise)
        , fall_(fall)
        , row_(from) {}

    /// Takes one more result; true when the settled verdict changed.
    bool add(verdict result);

    /// None until it has settled.
    std::optional<verdict> settled() const { return row_.settled; }
    /// Whether the last result is the settled verdict; while it is not, runs follow each other at
    /// the fast interval.
    bool agrees() const { return row_.settled && row_.last == row_.settled; }
    const hysteresis_snapshot& snapshot() const { return row_; }

private:
    /// What the row so far settles, when nothing was settled before.
    std::optional<verdict> first() const;
    verdict moved(verdict from) const;

    unsigned rise_;
    unsigned fall_;
    hysteresis_snapshot row_;
};

} // namespace herald::health
