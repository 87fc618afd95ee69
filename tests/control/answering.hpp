#pragma once

#include "fake_daemon.hpp"
#include "herald/control/routing.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <utility>

namespace herald::control::test {

/// A client that neither leaves nor is cut.
class patient_asker : public asker {
public:
    void waits_for(std::weak_ptr<pending>, bool) override {}
};

/// What is answered, without a server; `between` is done on the loop whenever it is free.
template <typename Between>
response answered(request asked, operations& daemon, audience who, Between between,
                  const limits& bounds = {}) {
    boost::asio::io_context context;
    auto behind = std::make_shared<backend>(context.get_executor(), daemon, bounds);
    behind->hosts = {"node1.example.net"};
    patient_asker client;
    std::optional<response> given;
    boost::asio::co_spawn(context, answer(std::move(asked), behind, client, who, 1000U),
                          [&](const std::exception_ptr& thrown, response ready) {
                              if (thrown)
                                  std::rethrow_exception(thrown);
                              given = std::move(ready);
                          });
    while (!given && context.run_one() > 0)
        between();
    return given.value_or(response{.status = 0});
}

inline response answered(request asked, operations& daemon, audience who = audience::operators) {
    return answered(std::move(asked), daemon, who, [] {});
}

} // namespace herald::control::test
