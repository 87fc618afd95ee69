#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <openssl/types.h>
#include <span>
#include <string>
#include <string_view>

namespace herald::health {

struct tls_context_ender {
    void operator()(SSL_CTX* context) const;
};
struct tls_ender {
    void operator()(SSL* session) const;
};

/// What the runs of one https check share. OpenSSL is loaded when the first of them begins.
class tls_client {
public:
    tls_client(bool verify, std::string ca_file) : verify_(verify), ca_file_(std::move(ca_file)) {}

    bool verifies() const { return verify_; }
    /// Made anew when the file of authorities was replaced. The error is a line for people.
    std::expected<SSL_CTX*, std::string> context();

private:
    std::string load();

    bool verify_;
    std::string ca_file_;
    std::filesystem::file_time_type written_{}; // of the file that was read
    std::unique_ptr<SSL_CTX, tls_context_ender> context_;
};

/// How far an operation came.
enum class tls_progress : std::uint8_t { done, wants_input, closed, failed };

/// One TLS connection without its socket: octets from the network go in, octets for it come out.
class tls_session {
public:
    /// To that host, whose name is asked for (SNI, RFC 6066 §3) and which the certificate must be
    /// for. The error is a line for people.
    static std::expected<tls_session, std::string> begin(tls_client& client,
                                                         const std::string& host);

    tls_progress handshake();
    tls_progress write(std::string_view text);
    tls_progress read(std::span<char> into, std::size_t& count);

    /// What came from the network, and what is to be sent there after any of the above.
    void feed(std::span<const char> octets);
    std::string take();

    /// Why the last one failed: "certificate has expired" …
    std::string failure() const;

private:
    tls_session(SSL* session, std::string host) : session_(session), host_(std::move(host)) {}
    tls_progress judge(int result);

    std::unique_ptr<SSL, tls_ender> session_;
    std::string host_;
    std::string failure_;
};

} // namespace herald::health
