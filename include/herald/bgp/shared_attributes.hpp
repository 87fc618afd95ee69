#pragma once

#include "herald/net/ip_prefix.hpp"
#include "herald/wire/attributes.hpp"

#include <cstddef>
#include <memory>

namespace herald::bgp {

/// Attributes are shared by every prefix and neighbor that hears them, and never changed.
using shared_attributes = std::shared_ptr<const wire::path_attributes>;

/// A route that was advertised, by the attributes that were encoded.
struct advertised_route {
    net::ip_prefix prefix;
    shared_attributes attributes;
};

/// Whether both are null, or have equal values.
bool same_value(const shared_attributes& a, const shared_attributes& b);

/// For tables whose keys are attributes, by value.
struct attributes_hash {
    std::size_t operator()(const wire::path_attributes* attributes) const;
};
struct attributes_equal {
    bool operator()(const wire::path_attributes* a, const wire::path_attributes* b) const {
        return a == b || *a == *b;
    }
};

} // namespace herald::bgp
