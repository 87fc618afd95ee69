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
    last_ = result;
    count(passes_, result == verdict::pass);
    count(not_failures_, result != verdict::fail);
    count(not_passes_, result != verdict::pass);
    count(failures_, result == verdict::fail);

    auto before = settled_;
    settled_ = settled_ ? moved(*settled_) : first();
    return settled_ != before;
}

std::optional<verdict> hysteresis::first() const {
    if (not_failures_ >= rise_)
        return passes_ >= rise_ ? verdict::pass : verdict::degraded;
    if (failures_ >= fall_)
        return verdict::fail;
    return std::nullopt;
}

verdict hysteresis::moved(verdict from) const {
    if (from != verdict::pass && passes_ >= rise_)
        return verdict::pass;
    if (from == verdict::fail && not_failures_ >= rise_)
        return verdict::degraded;
    if (from != verdict::fail && failures_ >= fall_)
        return verdict::fail;
    if (from == verdict::pass && not_passes_ >= fall_)
        return verdict::degraded;
    return from;
}

} // namespace herald::health
