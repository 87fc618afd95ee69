#include "herald/service/address_keeper.hpp"

#include "herald/service/state_file.hpp"
#include "herald/service/state_writer.hpp"

#include <fmt/format.h>
#include <utility>

namespace herald::service {

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
    return {};
}

address_keeper::custody& address_keeper::custody_of(const owned_address& which) {
    return custodies_.try_emplace(which, custody{{}, boost::asio::steady_timer(executor_)})
        .first->second;
}

void address_keeper::need(const std::string& service, const owned_address& which, bool needed) {
    auto& entry = custody_of(which);
    const bool was_needed = !entry.services.empty();
    if (needed)
        entry.services.insert(service);
    else
        entry.services.erase(service);
    if (needed && !was_needed)
        acquire(which);
    else if (entry.services.empty() && owned_.contains(which) && (was_needed || !entry.generation))
        release(which);
}

void address_keeper::remove_all_but(const std::set<owned_address>& configured) {
    for (const auto& which : owned_addresses(owned_))
        if (!configured.contains(which))
            remove(which);
}

void address_keeper::look() {
    for (auto& [which, entry] : custodies_)
        if (!entry.services.empty() && !entry.adding &&
            table_.find(which.address) == presence::absent)
            after(which, retry_time, [this, which] { acquire(which); });
}

/// Remembered first: a crash in between leaves nothing behind that nobody knows of.
void address_keeper::acquire(const owned_address& which) {
    auto& entry = custody_of(which);
    const auto generation = ++entry.generation;
    entry.timer.cancel();
    if (entry.services.empty())
        return;
    if (table_.find(which.address) != presence::absent)
        return; // adopted, or still there
    if (!owned_.insert(which).second)
        return add(which);
    entry.adding = true;
    remember([this, which, generation] {
        custody_of(which).adding = false;
        if (custody_of(which).generation == generation)
            add(which);
    });
}

void address_keeper::add(const owned_address& which) {
    const auto added = table_.add(which.address, which.interface);
    if (added && *added)
        return owner_.address_added(which);
    if (added) { // somebody else was faster: it is theirs
        owned_.erase(which);
        return remember([] {});
    }
    owner_.address_problem(fmt::format("address {} cannot be added to {}: {}",
                                       which.address.to_string(), which.interface, added.error()));
    after(which, retry_time, [this, which] { acquire(which); });
}

void address_keeper::release(const owned_address& which) {
    const auto generation = ++custody_of(which).generation;
    owner_.when_acknowledged([this, which, generation, alive = std::weak_ptr(alive_)] {
        if (!alive.expired() && custody_of(which).generation == generation)
            after(which, settle_time, [this, which] { remove(which); });
    });
}

void address_keeper::remove(const owned_address& which) {
    const auto removed = table_.remove(which.address, which.interface);
    if (!removed)
        return owner_.address_problem(fmt::format("address {} cannot be removed from {}: {}",
                                                  which.address.to_string(), which.interface,
                                                  removed.error()));
    owned_.erase(which);
    remember([] {});
    owner_.address_removed(which);
}

void address_keeper::end() {
    for (const auto& which : owned_addresses(owned_))
        after(which, settle_time, [this, which] { remove(which); });
}

void address_keeper::after(const owned_address& which, std::chrono::milliseconds delay,
                           std::function<void()> act) {
    auto& entry = custody_of(which);
    entry.timer.expires_after(delay);
    entry.timer.async_wait([&entry, generation = ++entry.generation, act = std::move(act),
                            alive = std::weak_ptr(alive_)](boost::system::error_code) {
        if (!alive.expired() && entry.generation == generation)
            act();
    });
}

/// `then` also where it could not be written: a full disk must not keep a service away. What is
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
