#pragma once

#include <boost/json.hpp>
#include <doctest/doctest.h>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace herald::test {

/// Visits each value of a document with its place, and each member of an object with the object's
/// place and the key.
struct document_walk {
    boost::json::value& document;
    std::function<void(boost::json::value&, const std::string&)> on_value;
    std::function<void(boost::json::object&, const std::string&, const std::string&)> on_member;

    void operator()() { visit(document, ""); }

private:
    void visit(boost::json::value& value, const std::string& place) {
        on_value(value, place);
        if (value.is_object()) {
            std::vector<std::string> keys;
            for (const auto& each : value.get_object())
                keys.emplace_back(each.key());
            for (const auto& key : keys) {
                on_member(value.get_object(), place, key);
                visit(value.get_object().at(key), place.empty() ? key : place + "." + key);
            }
        } else if (value.is_array()) {
            for (std::size_t i = 0; i < value.get_array().size(); ++i)
                visit(value.get_array()[i], place + "[" + std::to_string(i) + "]");
        }
    }
};

/// Checks that each value of a document that is of another type, and each that is missing, is told
/// of with its place; `fault_of` reads the document, in which "nothing" is wrong. Returns the
/// places.
template <typename Read>
std::set<std::string> check_every_place(boost::json::value document, const Read& fault_of) {
    REQUIRE(fault_of(document) == "nothing");
    std::set<std::string> places;
    document_walk walk{
        document,
        [&](boost::json::value& value, const std::string& place) {
            places.insert(place);
            const auto right = std::exchange(value, 1.5); // which nothing is
            CHECK(fault_of(document).starts_with(place.empty() ? "it is not" : place + ": "));
            value = right;
        },
        [&](boost::json::object& object, const std::string& place, const std::string& key) {
            const auto right = object;
            object.erase(key);
            CHECK(fault_of(document) ==
                  (place.empty() ? "" : place + ": ") + "\"" + key + "\" is missing");
            object = right;
        }};
    walk();
    CHECK(fault_of(document) == "nothing");
    return places;
}

} // namespace herald::test
