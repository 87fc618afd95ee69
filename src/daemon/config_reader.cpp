#include "herald/daemon/config_reader.hpp"

#include <memory>
#include <utility>

namespace herald::daemon {

void config_reader::ask(reader tell) {
    waiting_.push_back(std::move(tell));
    if (waiting_.size() == 1)
        begin();
}

void config_reader::begin() {
    const auto loaded = std::make_shared<config::load_result>();
    thread_.run_even_here(
        executor_, [read = read_, loaded] { *loaded = read(); },
        [this, loaded] { end(std::move(*loaded)); }, http::worker_pool::loop::may_end);
}

void config_reader::end(config::load_result loaded) {
    const auto tell = std::move(waiting_.front());
    tell(std::move(loaded));
    waiting_.pop_front(); // not before: who asks meanwhile is read for afterwards
    if (!waiting_.empty())
        begin();
}

} // namespace herald::daemon
