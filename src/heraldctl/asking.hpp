#pragma once

#include "client.hpp"
#include "commands.hpp"

#include <boost/json/object.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace heraldctl {

using names = std::vector<std::string>;

/// The arguments that are no options, or the values of an option that may be repeated.
names names_of(const boost::program_options::variables_map& options,
               const std::string& key = "name");
/// An option's value; "" without it.
std::string option(const boost::program_options::variables_map& options, const std::string& key);

/// What the daemon says against it, from its problem document.
std::unexpected<failure> refusal_of(const reply& answer);

/// Asks, and with --json prints what was answered, whatever it is. A refusal is a failure.
result<reply> consult(const global_options& global, const question& asked);

/// Asks for something to be done. What the caller says of themselves goes with it, into the log and
/// the event; the daemon has the user id from the kernel.
/// `longer`: how much longer the answer may take.
result<reply> command_daemon(const global_options& global, std::string target,
                             boost::json::object body,
                             std::optional<std::chrono::milliseconds> longer = std::nullopt);

} // namespace heraldctl
