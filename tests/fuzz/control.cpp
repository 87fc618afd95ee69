// Any bytes from a client of the control socket: read as HTTP, routed, answered.
#include "herald/control/http.hpp"
#include "herald/control/routing.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/json/parse.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <variant>

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
    std::vector<route_view> routes(const std::string&) const override { return {}; }
    const measurements& measured() const override { return counted; }
    std::vector<event_view> recent_events() const override { return {}; }
    void drain(drain_request, done) override {}
    void undrain(std::vector<std::string>, done) override {}
    std::expected<explain_view, refusal> explain(const std::string& prefix) const override {
        if (prefix != "::/0")
            return std::unexpected(refusal{refusal::kind::not_found, prefix});
        return explain_view{};
    }
    std::expected<void, refusal> change_neighbor(const neighbor_request&) override { return {}; }
    void reload(bool, reply_to<reload_view>) override {}
    std::expected<void, refusal> set_log_level(const std::string&) override { return {}; }
    void restart(done) override {}
    void cannot_accept(const std::string&) override {}
    std::expected<void, refusal> report(const report_request&) override { return {}; }
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

struct checking {
    status_view status;

    void operator()(const response& answer) const { check(answer); }
    void operator()(const drain_request& wanted) const {
        if (wanted.duration && wanted.duration->count() <= 0)
            std::abort();
        check(show_changed(wanted.services, status));
    }
    void operator()(const undrain_request& wanted) const {
        check(show_changed(wanted.services, status));
    }
    void operator()(const neighbor_request& wanted) const {
        check(show_neighbor(wanted.neighbor, status));
    }
    void operator()(const reload_request&) const { check(show(to_json(reload_view{}))); }
    void operator()(const log_request& wanted) const { check(show_level(wanted.level)); }
    void operator()(const restart_request&) const { check(show_restarting()); }
    void operator()(const report_request& told) const {
        if (told.result.empty() || (told.ttl && told.ttl->count() <= 0))
            std::abort();
        check(show_reported(told, status));
    }
    void operator()(const wait_request& wanted) const {
        if (wanted.names.empty() || wanted.timeout.count() <= 0)
            std::abort();
        check(look(wanted, status).value_or(wait_timed_out(wanted)));
    }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const small_daemon here;
    const checking checked{here.status()};
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
        std::visit(checked, route(to_request(parser.get()), here));
    return 0;
}
