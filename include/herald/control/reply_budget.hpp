#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace herald::control {

/// What the replies that clients have not taken yet may hold together. One alone may be of any
/// size, and small ones do not count.
class reply_budget {
public:
    reply_budget(std::size_t bound, std::size_t small) : bound_(bound), small_(small) {}

    bool is_small(std::size_t size) const { return size <= small_; }
    bool has_room(std::size_t size) const {
        return is_small(size) || held_ == 0 || held_ + size <= bound_;
    }

private:
    friend class reply_share;
    std::size_t bound_;
    std::size_t small_;
    std::size_t held_ = 0;
};

/// One reply's part of the budget, for as long as it lives.
class reply_share {
public:
    reply_share() = default;
    reply_share(std::shared_ptr<reply_budget> budget, std::size_t size)
        : budget_(std::move(budget))
        , size_(budget_->is_small(size) ? 0 : size) {
        budget_->held_ += size_;
    }
    reply_share(reply_share&& other) noexcept
        : budget_(std::move(other.budget_))
        , size_(std::exchange(other.size_, 0)) {}
    reply_share& operator=(reply_share&& other) noexcept {
        std::swap(budget_, other.budget_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~reply_share() {
        if (budget_)
            budget_->held_ -= size_;
    }

    std::size_t size() const { return size_; }

private:
    std::shared_ptr<reply_budget> budget_;
    std::size_t size_ = 0;
};

} // namespace herald::control
