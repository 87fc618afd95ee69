#pragma once

#include "herald/service/state_file.hpp"
#include "herald/service/state_writer.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <deque>
#include <expected>
#include <filesystem>
#include <fmt/format.h>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace herald::service {

/// Entries by name that outlive the program, in step with a file of the state directory. Changes
/// are made one after the other, on disk first: a change that cannot be stored never happened. The
/// writing is atomic (a new file, fsync, rename, fsync of the directory) and on a thread of its
/// own: a slow disk costs no keepalive.
template <typename Entry>
class stored_map {
public:
    using entries = std::map<std::string, Entry>;
    /// What stands in the file; see json_entries.
    struct format {
        std::string (*to_text)(const entries&);
        std::expected<entries, std::string> (*from_text)(std::string_view);
    };
    using change = std::function<void(entries&)>;
    /// Told how it went, on the executor; all() has the change then, unless there is an error.
    using outcome = std::function<void(std::error_code)>;

    stored_map(boost::asio::any_io_executor executor, const std::filesystem::path& file,
               format both_ways, state_writer::unsafe_observer tell_unsafe = nullptr)
        : writer_(std::move(executor), file, std::move(tell_unsafe))
        , format_(both_ways) {}

    /// Reads what is stored; without the file it is nothing. The error is a line for people.
    std::expected<void, std::string> load() {
        const auto& file = writer_.file();
        const auto text = read_file(file);
        if (!text && text.error() == std::errc::no_such_file_or_directory)
            return {};
        if (!text)
            return std::unexpected(fmt::format("{}: {}", file.string(), text.error().message()));
        auto read = format_.from_text(*text);
        if (!read)
            return std::unexpected(fmt::format("{}: {}", file.string(), read.error()));
        all_ = *std::move(read);
        return {};
    }

    const entries& all() const { return all_; }
    /// Whether no change is being made.
    bool idle() const { return queue_.empty() && writer_.idle(); }

    void apply(change make, outcome tell) {
        queue_.emplace_back(std::move(make), std::move(tell));
        if (queue_.size() == 1)
            store_next();
    }

private:
    void store_next() {
        auto changed = all_;
        queue_.front().first(changed);
        std::expected<std::string, std::error_code> text = format_.to_text(changed);
        // What could not be read back would keep the daemon from starting: a reason that is not
        // UTF-8.
        if (format_.from_text(*text) != changed)
            text = std::unexpected(std::make_error_code(std::errc::illegal_byte_sequence));
        writer_.write(std::move(text), [this, changed = std::move(changed)](std::error_code error) {
            if (!error)
                all_ = changed;
            const auto tell = std::move(queue_.front().second);
            queue_.pop_front();
            if (!queue_.empty())
                store_next();
            tell(error);
        });
    }

    state_writer writer_;
    format format_;
    entries all_;
    std::deque<std::pair<change, outcome>> queue_; // the first is being stored
};

} // namespace herald::service
