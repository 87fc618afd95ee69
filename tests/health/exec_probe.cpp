#include "herald/health/probes.hpp"

#include "support.hpp"

#include <boost/asio/io_context.hpp>
#include <charconv>
#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fstream>
#include <optional>

namespace herald::health {
namespace {

using protocol = exec_settings::exit_protocol;

exec_settings shell(std::string script, protocol spoken = protocol::exit) {
    return {{"/bin/sh", "-c", std::move(script)}, spoken};
}

/// One run to its end.
probe_result result_of(exec_settings settings) {
    test::loop io;
    const auto result = test::one_run(io, std::move(settings));
    REQUIRE(result.has_value());
    CHECK_FALSE(test::has_children());
    return *result;
}

probe_result ran(verdict outcome, std::string output) {
    return {.outcome = outcome, .output = std::move(output)};
}

probe_result could_not_run(std::string output) {
    return {.could_run = false, .output = std::move(output)};
}

pid_t pid_in(const std::string& text) {
    pid_t pid = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    REQUIRE(error == std::errc());
    return pid;
}

TEST_CASE("exec: exit status 0 passes, any other fails") {
    CHECK(result_of({{"/bin/true"}}) == ran(verdict::pass, ""));
    CHECK(result_of({{"/bin/false"}}) == ran(verdict::fail, "exit status 1"));
    CHECK(result_of(shell("exit 3")) == ran(verdict::fail, "exit status 3"));
}

TEST_CASE("exec: by the nagios protocol 1 is degraded, 2, 3 and others fail") {
    auto by_nagios = [](int value) { return judge(protocol::nagios, {.value = value}, "text"); };
    CHECK(by_nagios(0) == ran(verdict::pass, "text"));
    CHECK(by_nagios(1) == ran(verdict::degraded, "text"));
    CHECK(by_nagios(2) == ran(verdict::fail, "text"));
    CHECK(by_nagios(3) == ran(verdict::fail, "text"));
    CHECK(by_nagios(4) == ran(verdict::fail, "text"));
    CHECK(judge(protocol::exit, {.value = 1}, "text") == ran(verdict::fail, "text"));
    CHECK(result_of(shell("echo WARNING; exit 1", protocol::nagios)) ==
          ran(verdict::degraded, "WARNING"));
}

TEST_CASE("exec: a program that a signal killed has failed, by either protocol") {
    CHECK(result_of(shell("kill -9 $$")) == ran(verdict::fail, "killed by signal 9 (Killed)"));
    CHECK(result_of(shell("kill -1 $$", protocol::nagios)) ==
          ran(verdict::fail, "killed by signal 1 (Hangup)"));
    CHECK(result_of(shell("echo dying; kill -9 $$")) == ran(verdict::fail, "dying"));
}

TEST_CASE("exec: the last line of stdout and stderr together is the output") {
    CHECK(result_of(shell("echo one; echo two")) == ran(verdict::pass, "two"));
    CHECK(result_of(shell("echo out; echo err >&2; exit 1")) == ran(verdict::fail, "err"));
    CHECK(result_of(shell("printf 'no newline'")) == ran(verdict::pass, "no newline"));
    CHECK(result_of(shell("printf '\\033[31mred\\n'")) == ran(verdict::pass, "?[31mred"));
}

TEST_CASE("exec: output larger than the pipe does not stop the program") {
    CHECK(result_of(shell("head -c 1000000 /dev/zero | tr '\\0' x; echo; echo end")) ==
          ran(verdict::pass, "end"));
}

TEST_CASE("exec: a program that cannot be run says why") {
    test::temporary_directory directory;
    auto file = (directory.path() / "check").string();
    CHECK(result_of({{file}}) == could_not_run(file + ": No such file or directory"));
    CHECK(result_of({{"herald-has-no-such-program"}}) ==
          could_not_run("herald-has-no-such-program: No such file or directory"));
    std::ofstream(file) << "not executable";
    CHECK(result_of({{file}}) == could_not_run(file + ": Permission denied"));
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    CHECK(result_of({{file}}) == could_not_run(file + ": Exec format error"));
    CHECK(result_of({{directory.path()}}) ==
          could_not_run(directory.path().string() + ": Permission denied"));
    CHECK(result_of({}) == could_not_run(": Invalid argument"));
}

TEST_CASE("exec: the program is looked up in PATH, its arguments are given as they are") {
    CHECK(result_of({{"printf", "%s|", "$HOME", "a b", "*"}}) ==
          ran(verdict::pass, "$HOME|a b|*|"));
}

TEST_CASE("exec: the program has nothing on stdin and leads a process group") {
    CHECK(result_of(shell("readlink /proc/$$/fd/0")) == ran(verdict::pass, "/dev/null"));
    CHECK(result_of(shell("read -r pid name state parent group rest < /proc/$$/stat; "
                          "test $group = $$ && test $group != " +
                          std::to_string(getpgrp()))) == ran(verdict::pass, ""));
}

TEST_CASE("exec: the program has no descriptor of ours, though it does not close on exec") {
    int inherited = open("/dev/null", O_RDONLY);
    REQUIRE(inherited > 2);
    auto path = "/proc/self/fd/" + std::to_string(inherited);
    CHECK(result_of({{"test", "!", "-e", path}}) == ran(verdict::pass, ""));
    close(inherited);
}

TEST_CASE("exec: the program hears nothing of what our service manager told us") {
    const std::vector<const char*> ours{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
                                        "LISTEN_FDS", "HERALD_RESTARTED_AT"};
    for (const auto* name : ours)
        setenv(name, "ours", 1);
    setenv("NOTIFY_SOCKETS", "kept", 1);
    const auto result = result_of(shell("env | grep -E '^(NOTIFY_|WATCHDOG_|LISTEN_|HERALD_)' | "
                                        "tr '\\n' ' '"));
    for (const auto* name : ours)
        unsetenv(name);
    unsetenv("NOTIFY_SOCKETS");
    CHECK(result == ran(verdict::pass, "NOTIFY_SOCKETS=kept"));
}

TEST_CASE("exec: the program blocks and ignores no signal, though we do") {
    sigset_t usr1;
    sigset_t before;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, &before);
    auto* pipe_before = std::signal(SIGPIPE, SIG_IGN);
    auto blocked = result_of(shell("kill -USR1 $$"));
    auto ignored = result_of(shell("kill -PIPE $$"));
    std::signal(SIGPIPE, pipe_before);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    CHECK(blocked == ran(verdict::fail, "killed by signal 10 (User defined signal 1)"));
    CHECK(ignored == ran(verdict::fail, "killed by signal 13 (Broken pipe)"));
}

TEST_CASE("exec: where SIGCHLD is ignored a run ends all the same, and says so") {
    auto* before = std::signal(SIGCHLD, SIG_IGN);
    auto result = result_of({{"sleep", "0.05"}});
    std::signal(SIGCHLD, before);
    CHECK(result == ran(verdict::fail, "exit status lost: SIGCHLD is ignored"));
}

TEST_CASE("exec: a child of the program that keeps the pipe open holds up no verdict and is "
          "killed") {
    auto begun = std::chrono::steady_clock::now();
    auto result = result_of(shell("sleep 1000 & echo $!; exit 1"));
    CHECK(std::chrono::steady_clock::now() - begun < test::bound);
    CHECK(result.outcome == verdict::fail);
    CHECK(test::ends(pid_in(result.output)));
}

TEST_CASE("exec: a child of the program that floods the pipe holds up no verdict") {
    auto result = result_of(shell("yes flood & sleep 0.05; exit 1"));
    CHECK(result.outcome == verdict::fail);
    CHECK(result.output.starts_with('f'));
}

TEST_CASE("exec: a run that is destroyed kills its whole group, reaps, and calls nobody") {
    test::loop io;
    bool called = false;
    std::optional<test::running> run;
    run.emplace(io, shell("sleep 1000 & echo $!; wait"),
                [&](const probe_result&) { called = true; });
    REQUIRE(test::run_until(io, [&] { return !run->progress().empty(); }));
    auto grandchild = pid_in(run->progress());
    run.reset();
    CHECK(test::run_out(io));
    CHECK_FALSE(called);
    CHECK_FALSE(test::has_children());
    CHECK(test::ends(grandchild));
}

TEST_CASE("exec: a run that could not begin and is destroyed calls nobody") {
    test::loop io;
    bool called = false;
    test::running(io, exec_settings{{"/nonexistent"}}, [&](const probe_result&) { called = true; });
    CHECK(test::run_out(io));
    CHECK_FALSE(called);
}

TEST_CASE("exec: the next run begins when the child of an ended one is gone") {
    test::loop io;
    const auto state = std::make_shared<run_state>();
    const auto earlier = child_process::start(io.get_executor(), {"sleep", "1000"});
    state->child = earlier;
    std::optional<probe_result> result;
    test::running under_test(
        io, shell("echo fine"),
        [&](probe_result found) {
            CHECK(earlier->gone());
            result = std::move(found);
        },
        state);
    REQUIRE(test::run_until(io, [&] { return test::has_live_children() && !state->at.empty(); }));
    CHECK(under_test.progress() == "an earlier run does not end, though it was killed");
    earlier->kill();
    REQUIRE(test::run_until(io, [&] { return result.has_value(); }));
    CHECK(*result == ran(verdict::pass, "fine"));
}

TEST_CASE("exec: a run that waits for an earlier child and is destroyed calls nobody") {
    test::loop io;
    const exec_settings program{{"sleep", "1000"}};
    const auto state = std::make_shared<run_state>();
    bool called = false;
    auto done = [&](const probe_result&) { called = true; };
    std::optional<test::running> first;
    first.emplace(io, program, done, state);
    REQUIRE(test::run_until(io, [&] { return state->child != nullptr; }));
    first.reset();
    test::running(io, program, done, state);
    CHECK(test::run_out(io));
    CHECK_FALSE(called);
    CHECK_FALSE(test::has_children());
}

TEST_CASE("exec: an executor that goes away with a run under way leaves no program behind") {
    pid_t grandchild = 0;
    {
        boost::asio::io_context io;
        const test::running run(io, shell("sleep 1000 & echo $!; wait"),
                                [](const probe_result&) {});
        REQUIRE(test::run_until(io, [&] { return !run.progress().empty(); }));
        grandchild = pid_in(run.progress());
    }
    CHECK(test::ends(grandchild));
    // The program itself ended too, if nobody was left to reap it.
    while (waitpid(-1, nullptr, 0) > 0) {
    }
}

TEST_CASE("exec: hundreds of runs leave no descriptor and no child") {
    test::loop io;
    const exec_settings passes{{"/bin/true"}};
    const exec_settings fails{{"/nonexistent"}};
    const exec_settings hangs{{"/bin/sleep", "1000"}};
    int finished = 0;
    std::ptrdiff_t before = 0;
    for (int i = 0; i < 200; ++i) {
        const test::running one(io, passes, [&](const probe_result&) { ++finished; });
        const test::running other(io, fails, [&](const probe_result&) { ++finished; });
        test::running(io, hangs, [](const probe_result&) {});
        REQUIRE(test::run_until(io, [&] { return finished == 2 * (i + 1); }));
        CHECK(test::run_out(io));
        if (i == 0) // by then the loop has its own
            before = test::open_descriptors();
    }
    CHECK(test::open_descriptors() == before);
    CHECK_FALSE(test::has_children());
}

} // namespace
} // namespace herald::health
