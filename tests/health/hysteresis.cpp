#include "herald/health/hysteresis.hpp"

#include <doctest/doctest.h>
#include <string>
#include <string_view>
#include <vector>

namespace herald::health {
namespace {

verdict verdict_of(char letter) {
    return letter == 'P' ? verdict::pass : letter == 'D' ? verdict::degraded : verdict::fail;
}

char letter_of(std::optional<verdict> value) {
    if (!value)
        return '-';
    return *value == verdict::pass ? 'P' : *value == verdict::degraded ? 'D' : 'F';
}

/// The settled verdict after each result: P pass, D degraded, F fail, - none.
std::string settled_by(unsigned rise, unsigned fall, std::string_view results) {
    hysteresis under_test(rise, fall);
    std::string settled;
    auto before = under_test.settled();
    for (char result : results) {
        bool changed = under_test.add(verdict_of(result));
        CHECK(changed == (under_test.settled() != before));
        before = under_test.settled();
        settled += letter_of(before);
    }
    return settled;
}

struct row {
    unsigned rise;
    unsigned fall;
    std::string results;
    std::string settled;
};

void check_rows(const std::vector<row>& rows) {
    for (const auto& [rise, fall, results, settled] : rows) {
        CAPTURE(results);
        CHECK(settled_by(rise, fall, results) == settled);
    }
}

TEST_CASE("hysteresis: the first verdict takes `rise` results that did not fail, or `fall` that "
          "did") {
    check_rows({
        {3, 3, "PPP", "--P"},
        {3, 3, "FFF", "--F"},
        {3, 3, "DDD", "--D"},
        {3, 3, "PPDP", "--DD"},
        {3, 3, "PPFPPP", "-----P"},
        {3, 2, "FPFPFF", "-----F"},
        {1, 3, "P", "P"},
        {1, 3, "FP", "-P"},
        {1, 3, "D", "D"},
        {2, 1, "F", "F"},
    });
}

TEST_CASE("hysteresis: a settled verdict moves only on a whole row") {
    check_rows({
        {2, 3, "PPFFPFFF", "-PPPPPPF"},
        {3, 1, "FPPFPPP", "FFFFFFP"},
        {2, 2, "FFPPFF", "-FFPPF"},
    });
}

TEST_CASE("hysteresis: a mixed row moves the verdict by the least that all of it support") {
    check_rows({
        {3, 3, "PPPDFD", "--PPPD"},
        {3, 3, "PPPFDF", "--PPPD"},
        {3, 3, "FFFPDP", "--FFFD"},
        {3, 3, "FFFPPD", "--FFFD"},
        {2, 2, "PPFDFF", "-PPDDF"},
        {2, 2, "FFDPPP", "-FFDPP"},
    });
}

TEST_CASE("hysteresis: results that moved the verdict to degraded count on towards the next "
          "move") {
    check_rows({
        {3, 3, "PPPDFFF", "--PPPDF"},
        {3, 3, "FFFDPPP", "--FFFDP"},
        {3, 3, "PPPFFDFFF", "--PPPDDDF"},
    });
}

TEST_CASE("hysteresis: degraded moves up by `rise` passes and down by `fall` failures") {
    check_rows({
        {2, 3, "DDPDPP", "-DDDDP"},
        {2, 3, "DDFFDFFF", "-DDDDDDF"},
        {2, 2, "DDPFPFPF", "-DDDDDDD"},
    });
}

TEST_CASE("hysteresis: it agrees when it has settled on the last result") {
    hysteresis under_test(2, 2);
    std::string agreed;
    for (char result : std::string_view("PPFPFDFFD")) {
        under_test.add(verdict_of(result));
        agreed += under_test.agrees() ? 'y' : 'n';
    }
    // settled:         -PPPPDDFF
    CHECK(agreed == "nynynynyn");
    CHECK_FALSE(hysteresis(1, 1).agrees());
}

TEST_CASE("hysteresis: verdicts have the contract's names") {
    CHECK(to_string(verdict::pass) == "pass");
    CHECK(to_string(verdict::degraded) == "degraded");
    CHECK(to_string(verdict::fail) == "fail");
}

} // namespace
} // namespace herald::health
