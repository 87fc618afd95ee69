#pragma once

#include "herald/bgp/shared_attributes.hpp"
#include "herald/net/ip_prefix.hpp"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace herald::bgp {

class export_group;

/// A route that a neighbor was sent.
struct sent_route {
    net::ip_prefix prefix;
    shared_attributes attributes; // by value
    bool due_again = false;       // the neighbor asked for it
    friend bool operator==(const sent_route& a, const sent_route& b) {
        return a.prefix == b.prefix && same_value(a.attributes, b.attributes) &&
               a.due_again == b.due_again;
    }
};

/// All routes that a neighbor was sent of a family, in order of prefix. A value; but neighbors that
/// have the same share it, and whoever changes it then has a copy.
class sent_routes {
    struct table {
        std::vector<sent_route> routes;
        std::weak_ptr<export_group> standing;
    };

public:
    using weak = std::weak_ptr<table>;

    sent_routes() : table_(std::make_shared<table>()) {}
    explicit sent_routes(std::vector<sent_route> routes)
        : table_(std::make_shared<table>(table{std::move(routes), {}})) {}
    explicit sent_routes(std::shared_ptr<table> shared) : table_(std::move(shared)) {}
    weak observe() const { return table_; }

    std::size_t size() const { return table_->routes.size(); }
    auto begin() const { return table_->routes.cbegin(); }
    auto end() const { return table_->routes.cend(); }
    const sent_route& operator[](std::size_t at) const { return table_->routes[at]; }
    sent_route& operator[](std::size_t at) { return edit()[at]; }
    void push_back(sent_route route) { edit().push_back(std::move(route)); }
    void clear() { *this = sent_routes(); }

    /// The same for all that share it.
    const void* identity() const { return table_.get(); }
    /// A group that wants just these, if somebody has made one.
    std::weak_ptr<export_group>& standing() const { return table_->standing; }

    friend bool operator==(const sent_routes& a, const sent_routes& b) {
        return a.table_ == b.table_ || a.table_->routes == b.table_->routes;
    }

private:
    std::vector<sent_route>& edit() {
        if (table_.use_count() > 1)
            table_ = std::make_shared<table>(table{table_->routes, {}});
        table_->standing.reset();
        return table_->routes;
    }

    std::shared_ptr<table> table_; // never null
};

} // namespace herald::bgp
