#include "herald/health/http_settings.hpp"

#include <doctest/doctest.h>

namespace herald::health {
namespace {

TEST_CASE("http: a URL gives scheme, host, port and target") {
    CHECK(parse_http_url("http://127.0.0.1") == http_url{false, "127.0.0.1", 80, "/"});
    CHECK(parse_http_url("http://localhost:8080/health?deep=1&x") ==
          http_url{false, "localhost", 8080, "/health?deep=1&x"});
    CHECK(parse_http_url("HTTPS://www.example.org/a%20b") ==
          http_url{true, "www.example.org", 443, "/a%20b"});
    CHECK(parse_http_url("https://[2001:db8::1]:8443/") ==
          http_url{true, "2001:db8::1", 8443, "/"});
    CHECK(parse_http_url("http://h:/") == http_url{false, "h", 80, "/"});
    CHECK(parse_http_url("http://h?q") == http_url{false, "h", 80, "/?q"});
}

TEST_CASE("http: what is no URL of a check is refused") {
    for (const std::string text :
         {"", "/health", "www.example.org", "http:", "http://", "http:///x", "http://h:0/",
          "http://h:65536/", "http://h:x/", "http://a b/", "http://%41/", "http://[v1.x]/",
          "http://[::1/", "//h/"}) {
        CAPTURE(text);
        CHECK(parse_http_url(text).error() ==
              "not a URL such as http://127.0.0.1:8080/health or https://www.example.org/");
    }
    CHECK(parse_http_url("ftp://h/").error() == "expected a URL of http or https");
    CHECK(parse_http_url("http://me:pw@h/").error() ==
          "has a user: name it in an Authorization header instead");
    CHECK(parse_http_url("http://h/#top").error() == "has a fragment, which is never sent");
}

TEST_CASE("http: the Host field has brackets and any port but the scheme's own, RFC 9110 §7.2") {
    CHECK(host_field({false, "h", 80, "/"}) == "h");
    CHECK(host_field({false, "h", 443, "/"}) == "h:443");
    CHECK(host_field({true, "h", 443, "/"}) == "h");
    CHECK(host_field({true, "h", 80, "/"}) == "h:80");
    CHECK(host_field({false, "::1", 80, "/"}) == "[::1]");
    CHECK(host_field({true, "2001:db8::1", 8443, "/"}) == "[2001:db8::1]:8443");
}

TEST_CASE("http: a status or a range of them") {
    CHECK(parse_status_range("204") == status_range{204, 204});
    CHECK(parse_status_range("200-299") == status_range{200, 299});
    CHECK(parse_status_range("599-599") == status_range{599, 599});
    for (const std::string text : {"", "-", "2", "199", "600", "2xx", "200-", "-299", "299-200",
                                   "200-299-", "0200", "+200", "200 - 299"}) {
        CAPTURE(text);
        CHECK(parse_status_range(text).error() ==
              "not a status from 200 to 599, such as \"204\", nor a range such as \"200-299\"");
    }
}

} // namespace
} // namespace herald::health
