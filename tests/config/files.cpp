#include "tests/config/support.hpp"

#include "herald/config/problem_list.hpp"

#include <chrono>
#include <sys/stat.h>

namespace herald::config::test {

namespace {

lines problems_of_file(const std::filesystem::path& file) {
    return to_lines(load(file).problems);
}

std::string with_password_file(const std::string& name) {
    return in_neighbor("password_file = \"" + name + "\"");
}

} // namespace

TEST_CASE("load: a file's problems carry its name") {
    const scratch_directory scratch;
    const auto file = scratch.write("herald.toml", bgp + "colour = 1\n").string();
    CHECK(problems_of_file(file) == lines{file + ":4:1: unknown key \"colour\" in [bgp]; known "
                                                 "here: local_as, router_id, listen, port"});
}

TEST_CASE("load: what is not a readable file is a problem at 1:1") {
    const scratch_directory scratch;
    const auto missing = (scratch.path() / "missing").string();
    CHECK(problems_of_file(missing) ==
          lines{missing + ":1:1: cannot be opened: No such file or directory"});
    const auto directory = scratch.path().string();
    CHECK(problems_of_file(directory) == lines{directory + ":1:1: is a directory, not a file"});
    CHECK(problems_of_file("/dev/zero") == lines{"/dev/zero:1:1: is not a regular file"});
}

TEST_CASE("load: a FIFO is refused without waiting for a writer") {
    const scratch_directory scratch;
    const auto fifo = (scratch.path() / "fifo").string();
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(problems_of_file(fifo) == lines{fifo + ":1:1: is not a regular file"});
}

TEST_CASE("load: 100 MB are refused by their size alone") {
    const scratch_directory scratch;
    const auto file = scratch.write("large", "").string();
    std::filesystem::resize_file(file, 100'000'000);
    const auto begin = std::chrono::steady_clock::now();
    CHECK(problems_of_file(file) ==
          lines{file + ":1:1: is too large: 100000000 octets, at most 1048576 are read"});
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(1));
}

TEST_CASE("load: 1 MiB is read, one octet more is not") {
    const scratch_directory scratch;
    const auto padding = std::string((std::size_t{1} << 20U) - bgp.size(), '\n');
    CHECK(problems_of_file(scratch.write("fits", bgp + padding)) == lines{});
    const auto file = scratch.write("over", bgp + padding + "\n").string();
    CHECK(problems_of_file(file) ==
          lines{file + ":1:1: is too large: 1048577 octets, at most 1048576 are read"});
}

TEST_CASE("load: a password file is found beside the file that names it, less one newline") {
    const scratch_directory scratch;
    scratch.write("one", "secret\n");
    scratch.write("two", "secret\n\n");
    const auto password = [&](const std::string& name) {
        const auto result = load(scratch.write("herald.toml", with_password_file(name)));
        CAPTURE(to_lines(result.problems));
        REQUIRE(result.settings);
        REQUIRE(result.settings->neighbors.size() == 1);
        return result.settings->neighbors.front().password;
    };
    CHECK(password("one") == "secret");
    CHECK(password("two") == "secret\n");
    CHECK(password((scratch.path() / "one").string()) == "secret");
}

TEST_CASE("load: what is wrong with a password file is said, and never what is in it") {
    const scratch_directory scratch;
    scratch.write("empty", "\n");
    scratch.write("long", std::string(81, 'p'));
    scratch.write("larger", std::string(1025, 'p'));
    const auto file = (scratch.path() / "herald.toml").string();
    const auto said = [&](const std::string& name) {
        return problems_of_file(scratch.write("herald.toml", with_password_file(name)));
    };
    const auto begin = file + ":10:17: neighbor.password_file: ";
    const auto length = begin + "a password has 1 to 80 octets, this one ";
    const auto quoted_path = [&](const std::string& name) {
        return in_quotes((scratch.path() / name).string());
    };
    CHECK(said("empty") == lines{length + "0"});
    CHECK(said("long") == lines{length + "81"});
    CHECK(said("larger") == lines{begin + quoted_path("larger") +
                                  ": is too large: 1025 octets, at most 1024 are read"});
    CHECK(said("missing") ==
          lines{begin + quoted_path("missing") + ": cannot be opened: No such file or directory"});
    CHECK(said("") == lines{begin + "\"\": a path cannot be empty"});
}

TEST_CASE("load: a password file that everybody can read is warned of, and used") {
    const scratch_directory scratch;
    const auto key = scratch.write("key", "secret");
    std::filesystem::permissions(key, std::filesystem::perms::others_read,
                                 std::filesystem::perm_options::add);
    const auto file = scratch.write("herald.toml", with_password_file("key")).string();
    const auto result = load(file);
    CHECK(to_lines(result.problems) ==
          lines{file + ":10:17: warning: neighbor.password_file: " + in_quotes(key.string()) +
                ": every user can read it; its mode should be 0600 or 0640"});
    REQUIRE(result.settings);
    CHECK(result.settings->neighbors.front().password == "secret");
}

TEST_CASE("load: a secret in a file that everybody can read is warned of, and used") {
    const scratch_directory scratch;
    const auto problems_when_readable = [&](const std::string& text) {
        const auto file = scratch.write("herald.toml", text);
        CHECK(problems_of_file(file) == lines{});
        std::filesystem::permissions(file, std::filesystem::perms::others_read,
                                     std::filesystem::perm_options::add);
        const auto result = load(file);
        CHECK(result.settings);
        auto found = to_lines(result.problems);
        for (auto& line : found)
            line.erase(0, file.string().size());
        return found;
    };
    const std::string advice =
        ": a secret in a file that every user can read; its mode should be 0600 or 0640";
    const std::string http = "[[service.check]]\ntype = \"http\"\nurl = \"http://h/\"\n";
    CHECK(problems_when_readable(in_neighbor("")) == lines{});
    CHECK(problems_when_readable(in_neighbor("password = \"p\"")) ==
          lines{":10:12: warning: neighbor.password" + advice});
    // One that every neighbor has is warned of once.
    CHECK(problems_when_readable(bgp + service + "[defaults.neighbor]\npassword = \"p\"\n" +
                                 neighbor + "[[neighbor]]\naddress = \"198.51.100.2\"\n" +
                                 "remote_as = 64500\n") ==
          lines{":8:12: warning: defaults.neighbor.password" + advice});
    CHECK(problems_when_readable(in_service(http + "headers = { Accept = \"text/plain\" }")) ==
          lines{});
    for (const std::string name : {"Authorization", "Cookie", "X-Api-Key", "x-auth-token"})
        CHECK(problems_when_readable(in_service(http + "headers = { " + name + " = \"s\" }")) ==
              lines{":13:13: warning: service.check.headers" + advice});
}

TEST_CASE("parse: what may be a URL with a password is not quoted, whatever key it was meant for") {
    const std::string url = "\"https://user:hunter2@host/\"";
    for (const auto& text :
         {in_neighbor("next_hop = " + url), in_service("neighbors = [" + url + "]"),
          in_service("drain_file = " + url), in_service("addresses = [" + url + "]"),
          in_service("[[service.check]]\ntype = \"tcp\"\naddress = " + url),
          in_service("[[service.check]]\ntype = \"exec\"\ncommand = [" + url + "]"),
          in_service("[[service.check]]\ntype = " + url), in_service(url + " = 1"),
          in_service("[[service.check]]\ntype = \"dns\"\nquery = \"q\"\naddress = "
                     "\"h:53\"\nexpect_answer = " +
                     url)}) {
        CAPTURE(text);
        const auto found = problems_of(text);
        CHECK_FALSE(found.empty());
        for (const auto& line : found)
            CHECK_FALSE(line.contains("hunter2"));
    }
}

TEST_CASE("parse: a password without its quotes is not quoted either") {
    for (const auto* value : {"99999999999999999999", "123hunter2", "0xfffffffffffffffffffff",
                              "1979-99-99", "hunter2", "9e99999"})
        for (const auto& line : problems_of(in_neighbor(std::string("password = ") + value))) {
            CAPTURE(line);
            CHECK_FALSE(line.contains(value));
        }
}

TEST_CASE("parse: a password has 1 to 80 octets and excludes a password file") {
    const std::string length = "f:10:12: neighbor.password: a password has 1 to 80 octets, this "
                               "one ";
    const scratch_directory scratch;
    const auto key = scratch.write("key", "secret").string();
    check_rows({
        {in_neighbor("password = \"" + std::string(80, 'p') + "\""), {}},
        {in_neighbor("password = \"" + std::string(81, 'p') + "\""), {length + "81"}},
        {in_neighbor("password = \"\""), {length + "0"}},
        {in_neighbor("password = \"p\"\npassword_file = \"" + key + "\""),
         {"f:10:12: neighbor.password: excludes password_file: leave one of them out"}},
    });
    const auto own = neighbor_of(bgp + service + "[defaults.neighbor]\npassword = \"other\"\n" +
                                 neighbor + "password_file = \"" + key + "\"\n");
    CHECK(own.password == "secret");
}

} // namespace herald::config::test
