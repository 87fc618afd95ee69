#pragma once

#include "herald/health/child_process.hpp"
#include "herald/health/probe.hpp"

namespace herald::health {

/// What a program's end says, by the protocol that it speaks; without output of its own the result
/// says how it ended.
probe_result judge(exec_settings::exit_protocol protocol, exit_status status, std::string output);

/// Runs a program. A child that a kill has not ended yet (it hangs in the kernel) holds up the next
/// run: there is never a second one.
class exec_probe final : public probe {
public:
    exec_probe(boost::asio::any_io_executor executor, exec_settings settings)
        : executor_(std::move(executor))
        , settings_(std::move(settings)) {}

    std::unique_ptr<probe_run> start(probe_handler done) override;

private:
    class run;

    boost::asio::any_io_executor executor_;
    exec_settings settings_;
    std::shared_ptr<child_process> last_child_;
};

} // namespace herald::health
