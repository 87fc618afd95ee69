#pragma once

#include "herald/bgp/export_group.hpp"
#include "herald/bgp/sent_routes.hpp"
#include "herald/net/address_family.hpp"
#include "herald/wire/cursor.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace herald::bgp {

/// What a neighbor was sent of one family and is owed of it, between two messages.
struct feed_snapshot {
    enum class marker : std::uint8_t { none, owed, sent };
    enum class refresh : std::uint8_t { none, plain, enhanced };
    using route = sent_route;

    sent_routes routes;
    marker end_of_rib = marker::none;
    bool repeat_asked = false;  // as RFC 2918 has it
    bool refresh_asked = false; // as RFC 7313 has it
    bool repeat_due = false;    // its answer begins with the next routes
    refresh answering = refresh::none;
    friend bool operator==(const feed_snapshot&, const feed_snapshot&) = default;
};

/// What one neighbor hears of one family: where it stands in its export_group, and the markers
/// that go between routes. rib_out puts two together and says what its operations mean.
class family_feed {
public:
    explicit family_feed(net::address_family family) : family_(family) {}

    void session_up();
    void session_down();
    void resume(const feed_snapshot& left, const wire::update_format& format);
    /// As it is once the message that was begun is complete.
    feed_snapshot snapshot() const;
    void join(std::shared_ptr<export_group> group);
    void leave();
    void owe_end_of_rib();
    void resend(bool enhanced);

    bool is_due() const;
    /// Between two messages: turns to what is to be sent now.
    void prepare();
    /// Whether what follows the message that was begun is no longer to be sent. There is nothing
    /// to take then but the rest of that message.
    bool is_held() const { return held_; }
    /// Octets that follow what was taken since prepare(): of the message that was begun, and of
    /// whole messages (until there are `limit` octets), of those that only withdraw and of all.
    wire::octets take_rest_of_message();
    wire::octets take_withdrawals(std::size_t limit);
    wire::octets take_routes(std::size_t limit);
    bool is_begin_of_refresh_due() const;
    /// Whether no route is due after what was taken.
    bool is_exhausted() const;
    /// What is due once no family has routes due: End-of-RIB before EoRR.
    enum class end_marker : std::uint8_t { none, of_rib, of_refresh };
    end_marker end_due() const;

    /// What was taken was written. Returns how many messages were completed by so many octets.
    std::size_t wrote_routes(std::size_t count) { return place_.wrote(count); }
    void wrote_begin_of_refresh();
    void wrote_end(end_marker which);

    std::size_t rest_of_message() const { return place_.rest_of_message(); }
    wire::octets rest() const;
    bool is_end_of_rib_sent() const { return end_of_rib_ == marker::sent; }
    const export_place& place() const { return place_; }
    void append_advertised(std::vector<advertised_route>& routes) const;
    shared_attributes advertised(const net::ip_prefix& prefix) const;
    std::size_t advertised_count() const { return place_.routes(); }
    void append_unsendable(std::vector<net::ip_prefix>& prefixes) const;

private:
    using marker = feed_snapshot::marker;
    using refresh = feed_snapshot::refresh;

    bool is_moving() const { return group_ != stands_in_; }
    bool has_routes_due() const;
    void move();
    void end_leaving();
    void answer_repeat();
    wire::octets take(std::size_t end, std::size_t limit);

    net::address_family family_;
    bool in_session_ = false;
    std::shared_ptr<export_group> group_;     // to hear; null: none
    std::shared_ptr<export_group> stands_in_; // the group of `place_`
    bool leaving_ = false;                    // `group_` is empty, and dropped at its end
    export_place place_;
    std::size_t taken_ = 0;  // up to where in the place's difference
    std::size_t usable_ = 0; // up to where octets may be taken
    bool held_ = false;
    marker end_of_rib_ = marker::none;
    bool repeat_asked_ = false;
    bool refresh_asked_ = false;
    bool repeat_due_ = false;
    refresh answering_ = refresh::none;
};

} // namespace herald::bgp
