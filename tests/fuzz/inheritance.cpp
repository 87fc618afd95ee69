// What one program leaves to the next, as a whole: any text. What is accepted, but for neighbors
// that are not, is written as it was read.

#include "herald/daemon/inheritance.hpp"
#include "property.hpp"

#include <string_view>

using namespace herald::daemon;
using herald::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto left =
        inheritance_from_json(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!left) {
        require(!left.error().empty());
        return 0;
    }
    for (const int socket : sockets_of(*left))
        require(socket > 2);
    const auto text = to_json(*left);
    const auto again = inheritance_from_json(text);
    require(again.has_value());
    require(again->services == left->services);
    require(again->speaker == left->speaker);
    require(again->control == left->control);
    require(again->unreadable.empty());
    require(to_json(*again) == text);
    return 0;
}
