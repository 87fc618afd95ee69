#include "message_packer.hpp"

#include "herald/wire/nlri.hpp"

#include <algorithm>
#include <utility>

namespace herald::bgp {

message_packer::message_packer(const wire::update_format& format, export_changes candidates,
                               std::size_t routes)
    : format_(format)
    , candidates_(std::move(candidates))
    , settled_(candidates_.size()) {
    made_.routes = routes;
}

void message_packer::want(std::size_t candidate, const shared_attributes& attributes) {
    const auto& change = candidates_[candidate];
    const auto index = static_cast<std::uint32_t>(candidate);
    if (!change.repeat && same_value(change.before, attributes))
        settled_[candidate] = true;
    else if (attributes)
        announcements_of(attributes).due.push_back(index);
    else
        withdrawals_.due.push_back(index);
}

message_packer::batch& message_packer::announcements_of(const shared_attributes& attributes) {
    // Most often many prefixes come in a row with the very same attributes.
    if (!announcements_.empty() && announcements_.back().attributes == attributes)
        return announcements_.back();
    const auto [known, is_new] = announcements_by_value_.try_emplace(attributes.get(), nullptr);
    if (is_new)
        known->second = &announcements_.emplace_back(attributes);
    return *known->second;
}

encoded_changes message_packer::pack(std::size_t limit) {
    constexpr std::size_t smallest = 4; // of most prefixes
    made_.changes.reserve(std::min(candidates_.size(), limit / smallest));
    encode(withdrawals_, limit);
    made_.withdrawals = made_.messages.size();
    for (auto& equal : announcements_)
        encode(equal, limit);
    encode(late_withdrawals_, limit);
    keep_rest();
    return std::move(made_);
}

void message_packer::encode(batch& source, std::size_t limit) {
    while (source.done < source.due.size() && made_.octets.size() < limit) {
        const auto prefixes = front_of(source);
        const auto message = source.attributes
                                 ? wire::encode_announcement(*source.attributes, prefixes, format_)
                                 : wire::encode_withdrawal(prefixes, format_);
        if (message.count > 0)
            put_message(source, message);
        else
            refuse_largest(source);
    }
}

void message_packer::put_message(batch& source, const wire::encoded_update& message) {
    auto routes = made_.messages.empty() ? made_.routes : made_.messages.back().routes;
    for (std::size_t i = 0; i < message.count; ++i) {
        const auto index = source.due[source.done++];
        settled_[index] = true;
        auto& change = made_.changes.emplace_back(std::move(candidates_[index]));
        if (!source.attributes)
            --routes;
        else if (!change.before)
            ++routes;
    }
    made_.octets.insert(made_.octets.end(), message.bytes.begin(), message.bytes.end());
    made_.messages.push_back({static_cast<std::uint32_t>(made_.octets.size()),
                              static_cast<std::uint32_t>(made_.changes.size()), routes});
}

/// The first of the batch does not fit, nor does any that is as large; a smaller one may.
void message_packer::refuse_largest(batch& source) {
    const auto size = wire::nlri_size(candidates_[source.due[source.done]].prefix);
    std::vector<std::uint32_t> smaller;
    for (; source.done < source.due.size(); ++source.done) {
        const auto index = source.due[source.done];
        const auto& change = candidates_[index];
        if (wire::nlri_size(change.prefix) < size) {
            smaller.push_back(index);
            continue;
        }
        too_large_.push_back(change.prefix);
        if (change.before)
            late_withdrawals_.due.push_back(index);
        else
            settled_[index] = true;
    }
    source.due = std::move(smaller);
    source.done = 0;
}

/// As many prefixes as a message can hold at most.
std::vector<net::ip_prefix> message_packer::front_of(const batch& source) const {
    std::vector<net::ip_prefix> prefixes;
    std::size_t size = 0;
    for (auto next = source.done; next < source.due.size() && size < format_.max_size; ++next) {
        prefixes.push_back(candidates_[source.due[next]].prefix);
        size += wire::nlri_size(prefixes.back());
    }
    return prefixes;
}

void message_packer::keep_rest() {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < candidates_.size(); ++i)
        if (!settled_[i])
            std::swap(candidates_[kept++], candidates_[i]);
    candidates_.resize(kept);
    if (kept < candidates_.capacity() / 2)
        candidates_.shrink_to_fit();
    made_.rest = std::move(candidates_);
}

} // namespace herald::bgp
