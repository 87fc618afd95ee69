#include "herald/health/hysteresis.hpp"

namespace herald::health {

namespace {

/// One more in the row, or none of it any more.
void count(unsigned& row, bool goes_on) {
    row = goes_on ? row + 1 : 0;
}

} // namespace

std::string_view to_string(verdict value) {
    switch (value) {
    case verdict::pass: return "pass";
    case verdict::degraded: return "degraded";
    case verdict::fail: return "fail";
    }
    return "fail";
}

bool hysteresis::add(verdict result) {
    row_.last = result;
    count(row_.passes, result == verdict::pass);
    count(row_.not_failures, result != verdict::fail);
    count(row_.not_passes, result != verdict::pass);
    count(row_.failures, result == verdict::fail);

    auto before = row_.settled;
    row_.settled = row_.settled ? moved(*row_.settled) : first();
    return row_.settled != before;
}

std::optional<verdict> hysteresis::first() const {
    if (row_.not_failures >= rise_)
        return row_.passes >= rise_ ? verdict::pass : verdict::degraded;
    if (row_.failures >= fall_)
        return verdict::fail;
    return std::nullopt;
}

verdict hysteresis::moved(verdict from) const {
    if (from != verdict::pass && row_.passes >= rise_)
        return verdict::pass;
    if (from == verdict::fail && row_.not_failures >= rise_)
        return verdict::degraded;
    if (from != verdict::fail && row_.failures >= fall_)
        return verdict::fail;
    if (from == verdict::pass && row_.not_passes >= fall_)
        return verdict::degraded;
    return from;
}

} // namespace herald::health
