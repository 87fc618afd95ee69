#include "ldns_library.hpp"

#include "loaded_library.hpp"

#include <cstdlib>
#include <optional>

namespace herald::health {

namespace {

std::optional<ldns_library> load() {
    loaded_library library("libldns.so.3");
    ldns_library result;
#define HERALD_FIND(name) library.find(result.name, "ldns_" #name);
    HERALD_LDNS_FUNCTIONS(HERALD_FIND)
#undef HERALD_FIND
    library.find(result.rcodes, "ldns_rcodes");
    return library.complete() ? std::optional(result) : std::nullopt;
}

} // namespace

const ldns_library* ldns() {
    static const auto library = load();
    return library ? &*library : nullptr;
}

std::string taken(char* text) {
    std::string result(text == nullptr ? "" : text);
    std::free(text);
    return result;
}

} // namespace herald::health
