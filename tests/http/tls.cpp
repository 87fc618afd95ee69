#include "herald/http/tls.hpp"

#include "tests/support/event_loop.hpp"
#include "tests/support/temporary_directory.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>
#include <exception>
#include <fstream>
#include <optional>
#include <string>

namespace herald::http {
namespace {

// Nobody's, made for this test.
const std::string certificate = "-----BEGIN CERTIFICATE-----\n"
                                "MIIBdTCCARugAwIBAgIUGzebJeKs1Nw7mrdLvME7Rn3RzVAwCgYIKoZIzj0EAwIw\n"
                                "DzENMAsGA1UECgwEdGVzdDAgFw0yNjExMjIwNDExNDhaGA8yMTI2MTAyOTA0MTE0\n"
                                "OFowDzENMAsGA1UECgwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABN6g\n"
                                "A57MEUwZdKnC91oEndrK5v+DNWey1tnB9or9Oc7HQGTKnim44Aytv/ffDWYP+pRz\n"
                                "6Qhh38p9IPH/nHSNUcajUzBRMB0GA1UdDgQWBBTnS0emsoOB7LPZKaH9Vt1DPZBt\n"
                                "HDAfBgNVHSMEGDAWgBTnS0emsoOB7LPZKaH9Vt1DPZBtHDAPBgNVHRMBAf8EBTAD\n"
                                "AQH/MAoGCCqGSM49BAMCA0gAMEUCIBPsDJH06Cm577fr3e18zP3kRDTegFLW6+gM\n"
                                "46h5EXQYAiEAmqULFjoixoaCOz1S2kGMHdyz0Wt8JGUnLBFsmjYsme4=\n"
                                "-----END CERTIFICATE-----\n";
const std::string its_key = "-----BEGIN PRIVATE KEY-----\n"
                            "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgD3wz5f0vGp5FobOI\n"
                            "Y71GRlPWJ1sSRY/Q3ewy8+/TV2+hRANCAATeoAOezBFMGXSpwvdaBJ3ayub/gzVn\n"
                            "stbZwfaK/TnOx0Bkyp4puOAMrb/33w1mD/qUc+kIYd/KfSDx/5x0jVHG\n"
                            "-----END PRIVATE KEY-----\n";
const std::string other_key = "-----BEGIN PRIVATE KEY-----\n"
                              "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgnlhTOsMu/YmNbg3y\n"
                              "2yy0UNBZhUBoZK69cMsby2AyvfOhRANCAASHShytoTFC2LGvyrCcMtcf1D1UGgdv\n"
                              "YGZgIfw7gPlymXM8ify33tDcB60esHIry+3djIPAh4EEfIrZRGJLx/Uj\n"
                              "-----END PRIVATE KEY-----\n";

/// Our certificate and its key, and what comes of them.
struct files {
    std::string write(const std::string& name, const std::string& content) const {
        const auto path = (folder.path() / name).string();
        std::ofstream(path) << content;
        return path;
    }
    lookups<tls_authorities>::answer get() {
        std::optional<lookups<tls_authorities>::answer> found;
        auto ended = [&](std::exception_ptr, lookups<tls_authorities>::answer with) {
            found = std::move(with);
        };
        auto& contexts = tls_contexts::of(io.get_executor());
        boost::asio::co_spawn(io, contexts.get(io.get_executor(), trust), ended);
        REQUIRE(herald::test::run_until(io, [&] { return found.has_value(); }));
        return *found;
    }

    herald::test::temporary_directory folder;
    boost::asio::io_context io;
    tls_trust trust{true, write("ca.pem", certificate), write("own.pem", certificate),
                    write("own.key", its_key)};
};

TEST_CASE("tls_contexts: a certificate of ours is read with its key, and again when replaced") {
    files own;
    const auto first = own.get();
    REQUIRE(first.has_value());
    CHECK(own.get()->context == first->context);
    const auto later = std::filesystem::last_write_time(own.trust.key_file) + std::chrono::hours(1);
    own.write("own.key", "half");
    std::filesystem::last_write_time(own.trust.key_file, later);
    CHECK(own.get()->context == first->context);
    own.write("own.key", its_key);
    std::filesystem::last_write_time(own.trust.key_file, later);
    // While it is read, which may take longer than a moment, the former counts.
    auto newest = own.get();
    for (int i = 0; i < 50 && newest && newest->context == first->context; ++i)
        newest = own.get();
    REQUIRE(newest.has_value());
    CHECK(newest->context != first->context);
    std::filesystem::remove(own.trust.key_file);
    CHECK(own.get().has_value());
}

TEST_CASE("tls_contexts: another certificate of ours is another context") {
    files own;
    const auto with = own.get();
    REQUIRE(with.has_value());
    own.trust.cert_file.clear();
    own.trust.key_file.clear();
    const auto without = own.get();
    REQUIRE(without.has_value());
    CHECK(with->context != without->context);
}

TEST_CASE("tls_contexts: an error names the file") {
    files own;
    const auto before = own.trust;
    own.trust.cert_file = "/nonexistent/own.pem";
    CHECK(own.get().error() ==
          "cannot read the certificate in /nonexistent/own.pem: No such file or directory");
    own.trust = before;
    own.trust.key_file = "/nonexistent/own.key";
    CHECK(own.get().error() ==
          "cannot read the key in /nonexistent/own.key: No such file or directory");
    own.trust.key_file = own.write("bad.key", "nonsense");
    CHECK(own.get().error().starts_with("cannot read the key in " + own.trust.key_file + ": "));
    own.trust.key_file = own.write("other.key", other_key);
    CHECK(own.get().error() == "the key in " + own.trust.key_file +
                                   " is not that of the certificate in " + own.trust.cert_file);
    own.trust.cert_file = own.write("bad.pem", "nonsense");
    CHECK(own.get().error() ==
          "cannot read the certificate in " + own.trust.cert_file + ": no start line");
}

} // namespace
} // namespace herald::http
