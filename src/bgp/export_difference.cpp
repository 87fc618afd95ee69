#include "herald/bgp/export_difference.hpp"

#include <algorithm>
#include <utility>

namespace herald::bgp {

export_place::export_place(std::shared_ptr<export_difference> difference)
    : difference_(std::move(difference)) {}

bool export_place::at_end() const {
    return !difference_ || message_ == difference_->messages.size();
}

std::size_t export_place::rest_of_message() const {
    if (at_end())
        return 0;
    const auto begin = message_ == 0 ? 0 : difference_->messages[message_ - 1].end;
    return offset_ == begin ? 0 : difference_->messages[message_].end - offset_;
}

std::size_t export_place::end_of_withdrawals() const {
    if (!difference_ || difference_->withdrawals == 0)
        return 0;
    return difference_->messages[difference_->withdrawals - 1].end;
}

std::size_t export_place::end() const {
    return difference_ ? difference_->octets.size() : 0;
}

std::size_t export_place::end_of_message(std::size_t offset) const {
    return std::ranges::lower_bound(difference_->messages, offset, {},
                                    &encoded_changes::message::end)
        ->end;
}

wire::octets export_place::octets(std::size_t begin, std::size_t end) const {
    return wire::octets(difference_->octets).subspan(begin, end - begin);
}

std::size_t export_place::wrote(std::size_t count) {
    offset_ += count;
    const auto& messages = difference_->messages;
    const auto first = message_;
    while (message_ < messages.size() && messages[message_].end <= offset_)
        ++message_;
    return message_ - first;
}

std::size_t export_place::routes() const {
    if (!difference_)
        return 0;
    return message_ == 0 ? difference_->routes : difference_->messages[message_ - 1].routes;
}

std::span<const export_change> export_place::unheard() const {
    const auto heard = message_ == 0 ? 0 : difference_->messages[message_ - 1].changes_end;
    return std::span(difference_->changes).subspan(heard);
}

} // namespace herald::bgp
