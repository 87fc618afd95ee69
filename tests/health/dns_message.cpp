#include "herald/health/dns_message.hpp"

#include "tests/support/bytes.hpp"

namespace herald::health {
namespace {

using herald::test::bytes;
using herald::test::hex;

constexpr std::uint16_t id = 0x1234;
constexpr std::uint16_t type_cname = 5;
constexpr std::uint16_t type_mx = 15;
constexpr std::uint16_t type_txt = 16;
constexpr std::uint16_t class_ch = 3;

const std::string question = R"(
    07 6578616d706c65 03 6f7267 00  # example.org
    0001                            # A
    0001                            # IN
)";
const std::string answer = R"(
    c00c      # the question's name
    0001      # A
    0001      # IN
    0000003c  # 60 s
    0004      # length
    c0000201  # 192.0.2.1
)";

/// A header, RFC 1035 §4.1.1, before the rest.
bytes message(const std::string& flags, const std::string& answers, const std::string& rest,
              const std::string& own_id = "1234", const std::string& questions = "0001") {
    return hex(own_id + flags + questions + answers + "0000" + "0000" + rest);
}

dns_settings asking(std::string expected_answer = {}) {
    dns_settings settings;
    settings.name = "example.org";
    settings.expect_answer = std::move(expected_answer);
    return settings;
}

using judgement = std::expected<probe_result, dns_misfit>;

judgement passed(std::string output) {
    return probe_result{.outcome = verdict::pass, .output = std::move(output)};
}
judgement failed(std::string output) {
    return probe_result{.output = std::move(output)};
}
const judgement unrelated = std::unexpected(dns_misfit::unrelated);

TEST_CASE("dns: a query asks one question and wants recursion, RFC 1035 §4.1") {
    CHECK(dns_query(asking(), id) == message("0100", "0000", question));
    auto settings = asking();
    settings.name = "id.server";
    settings.record = type_txt;
    settings.record_class = class_ch;
    CHECK(dns_query(settings, 0xffff) == message("0100", "0000", R"(
        02 6964 06 736572766572 00  # id.server
        0010                        # TXT
        0003                        # CH
    )",
                                                 "ffff"));
}

TEST_CASE("dns: a reply with the expected code passes and says how many records it has") {
    CHECK(judge_dns_reply(asking(), id, message("8180", "0001", question + answer)) ==
          passed("NOERROR, 1 record"));
    CHECK(judge_dns_reply(asking(), id, message("8180", "0002", question + answer + answer)) ==
          passed("NOERROR, 2 records"));
    CHECK(judge_dns_reply(asking(), id, message("8180", "0000", question)) ==
          passed("NOERROR, 0 records"));
}

TEST_CASE("dns: another response code fails, and both are named") {
    auto settings = asking();
    CHECK(judge_dns_reply(settings, id, message("8183", "0000", question)) ==
          failed("answered NXDOMAIN, not NOERROR"));
    CHECK(judge_dns_reply(settings, id, message("818f", "0000", question)) ==
          failed("answered RCODE15, not NOERROR"));
    settings.expect_rcode = 5;
    CHECK(judge_dns_reply(settings, id, message("8105", "0000", question)) ==
          passed("REFUSED, 0 records"));
    CHECK(judge_dns_reply(settings, id, message("8182", "0000", question)) ==
          failed("answered SERVFAIL, not REFUSED"));
}

TEST_CASE("dns: the expected data must be among the records of the type asked for") {
    const auto reply = message("8180", "0001", question + answer);
    CHECK(judge_dns_reply(asking("192.0.2.1"), id, reply) == passed("NOERROR, 1 record"));
    CHECK(judge_dns_reply(asking("192.0.2.2"), id, reply) ==
          failed("answered 192.0.2.1, not 192.0.2.2"));
    CHECK(judge_dns_reply(asking("192.0.2.2"), id, message("8180", "0000", question)) ==
          failed("answered no such record, not 192.0.2.2"));
}

TEST_CASE("dns: behind a CNAME the records of the type asked for count") {
    const std::string alias = R"(
        c00c      # example.org
        0005      # CNAME
        0001      # IN
        0000003c
        0006
        03 777777 c00c  # www.example.org
    )";
    const auto reply = message("8180", "0002", question + alias + answer);
    CHECK(judge_dns_reply(asking("192.0.2.1"), id, reply) == passed("NOERROR, 1 record"));
    auto settings = asking("WWW.example.org.");
    settings.record = type_cname;
    CHECK(judge_dns_reply(settings, id, reply) == unrelated); // it was asked for A
}

TEST_CASE("dns: data are compared in canonical form, RFC 4034 §6.2") {
    auto settings = asking("10 mail.example.org.");
    settings.record = type_mx;
    const std::string asked = "07 6578616d706c65 03 6f7267 00 000f 0001";
    const std::string mx = R"(
        c00c 000f 0001 0000003c
        0009
        000a            # preference
        04 4d41494c c00c  # MAIL.example.org
    )";
    CHECK(judge_dns_reply(settings, id, message("8180", "0001", asked + mx)) ==
          passed("NOERROR, 1 record"));
    settings.expect_answer = "20 mail.example.org.";
    CHECK(judge_dns_reply(settings, id, message("8180", "0001", asked + mx)) ==
          failed("answered 10 MAIL.example.org., not 20 mail.example.org."));
}

TEST_CASE("dns: a text of class CH, as servers say who they are, RFC 4892") {
    dns_settings settings;
    settings.name = "id.server";
    settings.record = type_txt;
    settings.record_class = class_ch;
    settings.expect_answer = "node1";
    const std::string asked = "02 6964 06 736572766572 00 0010 0003";
    const auto reply = message("8500", "0001", asked + R"(
        c00c 0010 0003 00000000
        0006
        05 6e6f646531  # node1
    )");
    CHECK(judge_dns_reply(settings, id, reply) == passed("NOERROR, 1 record"));
    settings.expect_answer = "Node1"; // texts are compared as they are
    CHECK(judge_dns_reply(settings, id, reply) == failed("answered \"node1\", not Node1"));
}

TEST_CASE("dns: a reply that was cut is to be asked for over TCP, RFC 1035 §4.2.1") {
    const judgement truncated = std::unexpected(dns_misfit::truncated);
    CHECK(judge_dns_reply(asking(), id, message("8380", "0000", question)) == truncated);
    // Also one that was cut within a record.
    CHECK(judge_dns_reply(asking(), id, message("8380", "0001", question + "c00c 0001")) ==
          truncated);
}

TEST_CASE("dns: what does not answer the query is dropped, RFC 5452 §9.1") {
    const auto check = [](const bytes& reply) {
        CHECK(judge_dns_reply(asking(), id, reply) == unrelated);
    };
    check(message("8180", "0001", question + answer, "1235"));                  // another id
    check(message("0100", "0000", question));                                   // a query
    check(message("9180", "0000", question));                                   // opcode 2
    check(message("8180", "0000", "", "1234", "0000"));                         // no question
    check(message("8180", "0000", question + question, "1234", "0002"));        // two
    check(message("8180", "0000", "07 6578616d706c65 03 636f6d 00 0001 0001")); // example.com
    check(message("8180", "0000", "07 6578616d706c65 03 6f7267 00 001c 0001")); // AAAA
    check(message("8180", "0000", "07 6578616d706c65 03 6f7267 00 0001 0003")); // CH
    check(message("8180", "0000", "c00c 0001 0001")); // a name that points at itself
}

TEST_CASE("dns: the question's name is compared without regard to case, RFC 4343") {
    const std::string shouted = "07 4558414d504c45 03 4f5247 00 0001 0001";
    CHECK(judge_dns_reply(asking(), id, message("8180", "0001", shouted + answer)) ==
          passed("NOERROR, 1 record"));
}

TEST_CASE("dns: a reply cut anywhere never passes") {
    herald::test::for_each_cut(message("8180", "0001", question + answer), [](auto cut) {
        CHECK(judge_dns_reply(asking("192.0.2.1"), id, cut) == unrelated);
    });
}

TEST_CASE("dns: texts to numbers") {
    CHECK(parse_record_type("AAAA") == 28);
    CHECK(parse_record_type("txt") == type_txt);
    CHECK(parse_record_type("TYPE65280") == 65280);
    for (const auto* wrong : {"", "AAAAA", "AXFR", "IXFR", "1"}) {
        CAPTURE(wrong);
        CHECK(parse_record_type(wrong).error() ==
              "not a type of record, such as A, AAAA, SOA or TYPE65280");
    }
    CHECK(parse_record_class("IN") == 1);
    CHECK(parse_record_class("CH") == class_ch);
    CHECK(parse_record_class("HS").error() == "expected one of IN, CH");
    CHECK(parse_rcode("NOERROR") == 0);
    CHECK(parse_rcode("nxdomain") == 3);
    CHECK(parse_rcode("NO").error() == "not a response code, such as NOERROR, NXDOMAIN or REFUSED");
}

TEST_CASE("dns: names that can be asked for") {
    for (const auto* name : {"example.org", "example.org.", ".", "id.server", "_sip._udp.a"})
        CHECK(parse_domain_name(name) == name);
    for (const auto& wrong : {std::string(), std::string("a..b"), std::string("a b"),
                              std::string(64, 'a'), std::string("\xc3\xa4.example")}) {
        CAPTURE(wrong);
        CHECK(parse_domain_name(wrong).error() ==
              "not a domain name, such as example.org or id.server");
    }
}

TEST_CASE("dns: the expected answer must be data of the type asked for") {
    CHECK(problem_of_answer(asking()).empty());
    CHECK(problem_of_answer(asking("192.0.2.1")).empty());
    CHECK(problem_of_answer(asking("2001:db8::1")) ==
          "not the data of a record of type A, as in a zone file");
    CHECK(problem_of_answer(asking("192.0.2.1\n")) == "expected one line of ASCII");
}

} // namespace
} // namespace herald::health
