#include "herald/service/address_keeper.hpp"

#include "herald/service/state_file.hpp"
#include "herald/service/state_writer.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace herald::service {

namespace {

/// /32 or /128, as herald adds it.
bool is_host(const owned_address& which, const address_place& place) {
    return place.prefix_length == (which.address.is_v4() ? 32U : 128U);
}

} // namespace

address_keeper::address_keeper(boost::asio::any_io_executor executor,
                               const std::filesystem::path& directory, address_table& table,
                               address_owner& owner)
    : executor_(executor)
    , writer_(std::make_unique<state_writer>(executor, directory / "addresses.json"))
    , table_(table)
    , owner_(owner) {}

address_keeper::~address_keeper() = default;

std::expected<void, std::string> address_keeper::load() {
    auto text = read_file(writer_->file());
    if (!text && text.error() == std::errc::no_such_file_or_directory)
        return {};
    if (!text)
        return std::unexpected(
            fmt::format("{}: {}", writer_->file().string(), text.error().message()));
    auto addresses = owned_addresses_from_json(*text);
    if (!addresses)
        return std::unexpected(fmt::format("{}: {}", writer_->file().string(), addresses.error()));
    owned_ = *std::move(addresses);
    for (const auto& which : owned_) {
        auto& entry = entry_of(which);
        entry.ours = entry.seen = is_placed(which);
    }
    return {};
}

address_keeper::ownership& address_keeper::entry_of(const owned_address& which) {
    return entries_.try_emplace(which, ownership{{}, boost::asio::steady_timer(executor_)})
        .first->second;
}

/// Just as herald adds it.
bool address_keeper::is_placed(const owned_address& which) const {
    return std::ranges::any_of(table_.places(which.address), [&](const address_place& place) {
        return place.interface == which.interface && is_host(which, place);
    });
}

/// On its interface, or on another, from where herald will not remove it.
bool address_keeper::is_there(const owned_address& which) const {
    return std::ranges::any_of(table_.places(which.address), [&](const address_place& place) {
        const auto found = entries_.find({which.address, place.interface});
        const bool ours = found != entries_.end() && found->second.ours;
        return place.interface == which.interface || !ours || !is_host(which, place);
    });
}

/// Usable without what herald added to this interface.
bool address_keeper::is_elsewhere(const owned_address& which) const {
    return std::ranges::any_of(table_.places(which.address), [&](const address_place& place) {
        return place.state == presence::usable &&
               (place.interface != which.interface || !is_host(which, place));
    });
}

void address_keeper::need(const std::string& service, const owned_address& which, bool needed) {
    auto& entry = entry_of(which);
    const bool was_needed = !entry.services.empty();
    if (needed)
        entry.services.insert(service);
    else
        entry.services.erase(service);
    if (needed && !was_needed)
        acquire(which);
    else if (entry.services.empty() && owned_.contains(which) && !entry.leaving)
        release(which);
}

void address_keeper::leave(const owned_address& which) {
    if (owned_.contains(which))
        forget(which);
    entries_.erase(which);
}

void address_keeper::remove_all_but(const std::set<owned_address>& configured) {
    for (const auto& which : owned_addresses(owned_)) {
        if (configured.contains(which))
            continue;
        if (owner_.in_use(which.address))
            release(which);
        else
            remove(which);
    }
}

bool address_keeper::idle() const {
    return writer_->idle() &&
           std::ranges::none_of(entries_, [](const auto& each) { return each.second.busy; });
}

void address_keeper::look() {
    for (auto& [which, entry] : entries_) {
        const bool is_gone = entry.seen && !entry.busy && !is_placed(which);
        entry.ours = entry.ours && !is_gone;
        entry.seen = entry.ours && (entry.seen || is_placed(which));
        if (!entry.services.empty() && !entry.busy && !entry.retrying && !is_there(which))
            retry(which);
    }
}

/// Remembered first: a crash in between leaves nothing behind that nobody knows of.
void address_keeper::acquire(const owned_address& which) {
    auto& entry = entry_of(which);
    entry.generation = ++last_generation_; // whatever was waited for
    entry.timer.cancel();
    entry.leaving = entry.retrying = false;
    if (entry.services.empty() || entry.busy || ending_)
        return; // what is under way looks again when it is done
    if (is_there(which)) {
        if (!entry.ours && owned_.contains(which))
            forget(which); // somebody else has added it
        return;
    }
    entry.busy = true;
    if (!owned_.insert(which).second)
        return add(which);
    remember([this, which] { add(which); });
}

void address_keeper::add(const owned_address& which) {
    const auto found = entries_.find(which);
    if (found == entries_.end())
        return; // it was left to the operator meanwhile
    if (found->second.services.empty()) {
        found->second.busy = false;
        return forget(which);
    }
    table_.add(which.address, which.interface,
               [this, which, alive = std::weak_ptr(alive_)](const auto& how) {
                   if (!alive.expired())
                       added(which, how);
               });
}

void address_keeper::added(const owned_address& which,
                           const std::expected<bool, std::string>& how) {
    const auto found = entries_.find(which);
    if (found == entries_.end())
        return; // as in add()
    auto& entry = found->second;
    entry.busy = false;
    if (how && *how) {
        entry.ours = true;
        entry.seen = is_placed(which);
        owner_.address_added(which);
    } else if (how) {
        forget(which); // somebody else was faster: it is theirs
    } else {
        owner_.address_problem(fmt::format("address {} cannot be added to {}: {}",
                                           which.address.to_string(), which.interface,
                                           how.error()));
    }
    if (ending_)
        remove(which);
    else if (entry.services.empty() && owned_.contains(which))
        release(which);
    else if (is_there(which))
        acquire(which); // whoever added it
    else
        retry(which);
}

void address_keeper::release(const owned_address& which) {
    auto& entry = entry_of(which);
    entry.leaving = true;
    entry.retrying = false;
    entry.timer.cancel();
    entry.generation = ++last_generation_;
    owner_.when_acknowledged(
        [this, which, generation = entry.generation, alive = std::weak_ptr(alive_)] {
            if (alive.expired())
                return;
            const auto found = entries_.find(which);
            if (found != entries_.end() && found->second.generation == generation)
                after(which, settle_time, &address_keeper::remove);
        });
}

void address_keeper::remove(const owned_address& which) {
    auto& entry = entry_of(which);
    entry.leaving = true;
    if (entry.busy)
        return; // when it is added, it is released again
    if (!entry.ours)
        return forget(which); // gone, or somebody else's by now
    if (!ending_ && owner_.in_use(which.address) && !is_elsewhere(which))
        return after(which, retry_time, &address_keeper::remove);
    entry.busy = true;
    table_.remove(which.address, which.interface,
                  [this, which, alive = std::weak_ptr(alive_)](const auto& how) {
                      if (!alive.expired())
                          removed(which, how);
                  });
}

void address_keeper::removed(const owned_address& which,
                             const std::expected<void, std::string>& how) {
    const auto found = entries_.find(which);
    if (found == entries_.end())
        return;
    found->second.busy = false;
    if (how) {
        found->second.ours = found->second.seen = false;
        forget(which);
        owner_.address_removed(which);
    } else {
        owner_.address_problem(fmt::format("address {} cannot be removed from {}: {}",
                                           which.address.to_string(), which.interface,
                                           how.error()));
    }
    if (!how && (ending_ || found->second.services.empty()))
        after(which, retry_time, &address_keeper::remove);
    else if (!ending_ && !found->second.services.empty())
        acquire(which);
    else
        entries_.erase(found);
}

void address_keeper::end() {
    ending_ = true;
    for (const auto& which : owned_)
        after(which, settle_time, &address_keeper::remove);
}

/// However often it is asked for meanwhile.
void address_keeper::retry(const owned_address& which) {
    entry_of(which).retrying = true;
    after(which, retry_time, &address_keeper::acquire);
}

/// It is not, or no longer, one that herald added.
void address_keeper::forget(const owned_address& which) {
    owned_.erase(which);
    remember([] {});
}

void address_keeper::after(const owned_address& which, std::chrono::milliseconds delay,
                           void (address_keeper::*act)(const owned_address&)) {
    auto& entry = entry_of(which);
    entry.generation = ++last_generation_;
    entry.timer.expires_after(delay);
    entry.timer.async_wait([this, which, act, generation = entry.generation,
                            alive = std::weak_ptr(alive_)](boost::system::error_code) {
        if (alive.expired())
            return;
        const auto found = entries_.find(which);
        if (found != entries_.end() && found->second.generation == generation)
            (this->*act)(which);
    });
}

/// `then` also if it could not be written: a full disk must not keep a service away. What is
/// forgotten is an address that stays after a crash.
void address_keeper::remember(std::function<void()> then) {
    writer_->write(to_json(owned_), [this, then = std::move(then),
                                     alive = std::weak_ptr(alive_)](std::error_code error) {
        if (alive.expired())
            return;
        if (error)
            owner_.address_problem(
                fmt::format("{}: {}", writer_->file().string(), error.message()));
        then();
    });
}

} // namespace herald::service
