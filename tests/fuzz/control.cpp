// Any bytes from a client of the control socket: read as HTTP, routed, answered.
#include "herald/control/http.hpp"
#include "herald/control/routing.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <memory>

namespace {

using namespace herald::control;

/// One neighbor and one service, named so that short inputs find them.
class small_daemon : public operations {
public:
    status_view status() const override {
        status_view shown;
        shown.neighbors.resize(1);
        shown.neighbors[0].name = "n";
        shown.services.resize(1);
        shown.services[0].name = "s";
        return shown;
    }
    std::vector<std::string> neighbor_names() const override { return {"n"}; }
    std::vector<std::string> service_names() const override { return {"s"}; }
    std::vector<check_name> check_names() const override { return {{"s", "c"}}; }
    std::optional<neighbor_view> neighbor(const std::string& name) const override {
        return name == "n" ? std::optional(status().neighbors[0]) : std::nullopt;
    }
    std::optional<service_view> service(const std::string& name) const override {
        return name == "s" ? std::optional(status().services[0]) : std::nullopt;
    }
    std::optional<check_view> check(const check_name& which) const override {
        return which == check_name{"s", "c"} ? std::optional(check_view{}) : std::nullopt;
    }
    std::expected<std::vector<route_view>, refusal> routes(const std::string&, const std::string&,
                                                           std::size_t most) const override {
        return std::vector<route_view>(std::min<std::size_t>(most, 2));
    }
    const measurements& measured() const override { return counted; }
    std::vector<event_view> recent_events() const override { return {}; }
    std::shared_ptr<void> drain(const caller&, drain_request wanted, done reply) override {
        if (wanted.duration && wanted.duration->count() <= 0)
            std::abort();
        reply({});
        return nullptr;
    }
    fleet_view fleet() const override { return {}; }
    void change_fleet(const caller&, fleet_request, done reply) override { reply({}); }
    void undrain(const caller&, undrain_request, done reply) override { reply({}); }
    std::expected<explain_view, refusal> explain(const std::string& prefix) const override {
        if (prefix != "::/0")
            return std::unexpected(refusal{refusal::kind::not_found, "unknown_prefix", prefix});
        return explain_view{};
    }
    void change_neighbor(const caller&, neighbor_request, done reply) override { reply({}); }
    void reload(const caller&, reload_request, reply_to<reload_view> reply) override {
        reply(reload_view{});
    }
    std::expected<void, refusal> set_log_level(const caller&, const log_request&) override {
        return {};
    }
    void restart(const caller&, restart_request, reply_to<restart_view> reply) override {
        reply(restart_view{});
    }
    void cannot_accept(const std::string&) override {}
    std::expected<void, refusal> report(const caller&, const report_request& told) override {
        if (told.result.empty() || (told.ttl && told.ttl->count() <= 0))
            std::abort();
        return {};
    }
    void reader_dropped() override {}

private:
    measurements counted;
};

/// What is answered is one line of JSON, whatever was asked; but for what is text.
void check(const response& answer) {
    to_bytes(answer, {});
    if (answer.type.starts_with("text/") || answer.endless)
        return;
    boost::system::error_code error;
    boost::json::parse(answer.body, error);
    if (error || answer.body.find('\n') != answer.body.size() - 1)
        std::abort();
}

/// Gives up at once whatever would be waited for.
class hasty_asker : public asker {
public:
    void waits_for(std::weak_ptr<pending> what, bool) override {
        if (const auto waiting = what.lock())
            waiting->abandon();
    }
};

void ask(const request& asked, audience who) {
    small_daemon here;
    boost::asio::io_context context;
    hasty_asker client;
    boost::asio::co_spawn(context,
                          answer(asked,
                                 std::make_shared<backend>(context.get_executor(), here, limits{}),
                                 client, who, std::nullopt),
                          [](const std::exception_ptr& thrown, const response& ready) {
                              if (thrown)
                                  std::abort();
                              check(ready);
                          });
    context.run();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    request_parser parser;
    bound(parser, {});
    parser.eager(true);
    boost::system::error_code error;
    std::size_t read = 0;
    while (!error && !parser.is_done() && read < size)
        read += parser.put(boost::asio::buffer(data + read, size - read), error);
    if (error)
        check(refuse(error));
    else if (parser.is_done())
        for (const auto who : {audience::operators, audience::everyone, audience::probes})
            ask(to_request(parser.get()), who);
    return 0;
}
