#include "herald/service/drain_store.hpp"

#include "herald/service/state_file.hpp"
#include "herald/service/state_writer.hpp"

#include <fmt/format.h>
#include <utility>

namespace herald::service {

drain_store::drain_store(boost::asio::any_io_executor executor,
                         const std::filesystem::path& directory)
    : writer_(std::make_unique<state_writer>(std::move(executor), directory / "drains.json")) {}

drain_store::~drain_store() = default;

std::expected<stored_drains, std::string> drain_store::load() const {
    const auto& file = writer_->file();
    auto text = read_file(file);
    if (!text && text.error() == std::errc::no_such_file_or_directory)
        return stored_drains();
    if (!text)
        return std::unexpected(fmt::format("{}: {}", file.string(), text.error().message()));
    auto drains = from_json(*text);
    if (!drains)
        return std::unexpected(fmt::format("{}: {}", file.string(), drains.error()));
    return drains;
}

void drain_store::save(const stored_drains& drains, std::function<void(std::error_code)> done) {
    std::expected<std::string, std::error_code> text = to_json(drains);
    // What could not be read back would keep the daemon from starting: a reason that is not UTF-8.
    if (from_json(*text) != drains)
        text = std::unexpected(std::make_error_code(std::errc::illegal_byte_sequence));
    writer_->write(std::move(text), std::move(done));
}

} // namespace herald::service
