#pragma once

#include "herald/health/check_settings.hpp"
#include "herald/health/child_process.hpp"
#include "herald/health/probe_result.hpp"
#include "herald/http/tls.hpp"

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

namespace herald::health {

/// What a check's runs share. It outlives them; two of them never overlap.
struct run_state {
    /// What the run is at, for the operator who sees it time out: "connecting" …
    std::string at;
    /// The program of the last exec run. If that was cut short, it may not have ended yet.
    std::shared_ptr<child_process> child;
    http::tls_memory tls;

    /// In one printable line; of a program, the last one of its output.
    std::string progress() const;
};

// One run of each type, without the time that it took. It is cut short by cancelling its coroutine,
// and then throws or returns what does not count; what it held (a child, a socket) is given back.

/// Runs a program. A child that a kill has not ended yet (it hangs in the kernel) holds up the next
/// run: there is never a second one.
boost::asio::awaitable<probe_result> run(const exec_settings& settings, run_state& state);
/// Connects to each address of the host in turn until one answers, sends, and waits for the
/// expected octets in the first 64 KiB that come back.
boost::asio::awaitable<probe_result> run(const tcp_settings& settings, run_state& state);
/// Sends one HTTP/1.1 request on a connection of its own, over TLS if the URL says so, and judges
/// the status and, if that is asked for, the first 64 KiB of the content.
boost::asio::awaitable<probe_result> run(const http_settings& settings, run_state& state);
/// Sends one query from a port and with an id of its own, and judges the reply to it.
boost::asio::awaitable<probe_result> run(const dns_settings& settings, run_state& state);
/// Asks an NTP server for the time, and judges whether it is fit to give it.
boost::asio::awaitable<probe_result> run(const ntp_settings& settings, run_state& state);

/// What a program's end says, by the protocol that it speaks; without output of its own the result
/// says how it ended.
probe_result judge(exec_settings::exit_protocol protocol, const exit_status& status,
                   std::string output);

} // namespace herald::health
