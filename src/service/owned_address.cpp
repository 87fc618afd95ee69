#include "herald/service/owned_address.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace herald::service {

namespace {

namespace json = boost::json;
using failure = std::unexpected<std::string>;

constexpr std::int64_t file_version = 1;

std::expected<owned_address, std::string> address_of(const json::value& value) {
    const auto* object = value.if_object();
    const auto* address = object != nullptr ? object->if_contains("address") : nullptr;
    const auto* interface = object != nullptr ? object->if_contains("interface") : nullptr;
    if (address == nullptr || interface == nullptr || object->size() != 2 ||
        !address->is_string() || !interface->is_string())
        return failure("an entry that is not an address and an interface");
    boost::system::error_code error;
    const auto text = std::string(address->as_string());
    auto parsed = boost::asio::ip::make_address(text, error);
    if (error)
        return failure(fmt::format("\"{}\" is not an address", text));
    return owned_address{parsed, std::string(interface->as_string())};
}

} // namespace

std::string to_json(const owned_addresses& addresses) {
    json::array entries;
    for (const auto& [address, interface] : addresses)
        entries.push_back({{"address", address.to_string()}, {"interface", interface}});
    return json::serialize(json::object{{"version", file_version}, {"addresses", entries}}) + '\n';
}

std::expected<owned_addresses, std::string> owned_addresses_from_json(std::string_view text) {
    boost::system::error_code error;
    const auto root = json::parse(text, error);
    if (error)
        return failure(fmt::format("not JSON: {}", error.message()));
    const auto* object = root.if_object();
    const auto* number = object != nullptr ? object->if_contains("version") : nullptr;
    const auto* entries = object != nullptr ? object->if_contains("addresses") : nullptr;
    if (number == nullptr || entries == nullptr || !entries->is_array() || object->size() != 2)
        return failure("not a file of addresses");
    if (*number != file_version)
        return failure(fmt::format("version {} is not one this program knows ({})",
                                   json::serialize(*number), file_version));
    owned_addresses all;
    for (const auto& entry : entries->as_array()) {
        auto one = address_of(entry);
        if (!one)
            return failure(one.error());
        all.insert(*std::move(one));
    }
    return all;
}

} // namespace herald::service
