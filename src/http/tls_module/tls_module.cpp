// herald-tls.so: the one place that knows OpenSSL.

#include "herald/http/tls_interface.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <memory>
#include <netinet/in.h>
#include <new>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string>
#include <string_view>

namespace herald::http {
namespace {

using context_holder = std::unique_ptr<SSL_CTX, ender<SSL_CTX_free>>;
using connection_holder = std::unique_ptr<SSL, ender<SSL_free>>;

/// What OpenSSL last complained of.
std::string last_error() {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason == nullptr ? "unknown error" : reason;
}

/// Why a file could not be read: what OpenSSL complained of first.
std::string file_error() {
    const auto error = ERR_peek_error();
    const char* reason = ERR_SYSTEM_ERROR(error) ? std::strerror(ERR_GET_REASON(error))
                                                 : ERR_reason_error_string(error);
    return reason == nullptr ? "unknown error" : reason;
}

bool is_address(const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> parsed{};
    return inet_pton(AF_INET, host.c_str(), parsed.data()) == 1 ||
           inet_pton(AF_INET6, host.c_str(), parsed.data()) == 1;
}

/// Which host is asked for, and whose certificate it must show; false: no memory.
bool set_host(SSL* connection, const std::string& host, bool verify) {
    auto* expected = SSL_get0_param(connection);
    if (is_address(host)) // is no server name, RFC 6066 §3
        return !verify || X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) == 1;
    return SSL_set_tlsext_host_name(connection, host.c_str()) == 1 &&
           (!verify || X509_VERIFY_PARAM_set1_host(expected, host.c_str(), host.size()) == 1);
}

class ticket final : public tls_ticket {
public:
    explicit ticket(SSL_SESSION* session) : session_(session) {}
    SSL_SESSION* get() const { return session_.get(); }
    void release() noexcept override { delete this; }

private:
    std::unique_ptr<SSL_SESSION, ender<SSL_SESSION_free>> session_;
};

class engine final : public tls_engine {
public:
    engine(connection_holder connection, std::string host)
        : connection_(std::move(connection))
        , host_(std::move(host)) {}

    tls_progress handshake() noexcept override {
        ERR_clear_error();
        return judge(SSL_do_handshake(connection_.get()));
    }
    tls_progress write(const char* octets, std::size_t size) noexcept override {
        ERR_clear_error();
        return judge(SSL_write(connection_.get(), octets, static_cast<int>(size)));
    }
    tls_progress read(char* into, std::size_t room, std::size_t& count) noexcept override {
        ERR_clear_error();
        const int result = SSL_read(connection_.get(), into, static_cast<int>(room));
        count = result > 0 ? static_cast<std::size_t>(result) : 0;
        return judge(result);
    }
    void feed(const char* octets, std::size_t size) noexcept override {
        BIO_write(SSL_get_rbio(connection_.get()), octets, static_cast<int>(size));
    }
    std::size_t take(char* into, std::size_t room) noexcept override {
        const int count = BIO_read(SSL_get_wbio(connection_.get()), into, static_cast<int>(room));
        return count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    void failure(text_sink& into) const noexcept override { set(into, failure_); }
    bool resumed() const noexcept override { return SSL_session_reused(connection_.get()) == 1; }
    tls_ticket* ticket() const noexcept override;
    void release() noexcept override {
        // A session whose connection just ends is not resumed by OpenSSL, which is for the case
        // that it was cut off: this one was read as far as it was wanted.
        SSL_set_shutdown(connection_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        delete this;
    }

private:
    tls_progress judge(int result);

    connection_holder connection_;
    std::string host_;
    std::string failure_;
};

tls_ticket* engine::ticket() const noexcept {
    auto* session = SSL_get1_session(connection_.get());
    if (session != nullptr && SSL_SESSION_is_resumable(session) == 1)
        return new (std::nothrow) http::ticket(session);
    SSL_SESSION_free(session);
    return nullptr;
}

tls_progress engine::judge(int result) {
    switch (SSL_get_error(connection_.get(), result)) {
    case SSL_ERROR_NONE: return tls_progress::done;
    case SSL_ERROR_WANT_READ: return tls_progress::wants_input;
    case SSL_ERROR_ZERO_RETURN: return tls_progress::closed;
    default: break;
    }
    const auto verified = SSL_get_verify_result(connection_.get());
    if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH)
        failure_ = "TLS: the certificate is not for " + host_;
    else if (verified != X509_V_OK)
        failure_ = std::string("TLS: ") + X509_verify_cert_error_string(verified);
    else
        failure_ = "TLS: " + last_error();
    return tls_progress::failed;
}

class context final : public tls_context {
public:
    context(context_holder settings, bool verify)
        : settings_(std::move(settings))
        , verify_(verify) {}
    tls_engine* connect(const char* host, const tls_ticket* with) const noexcept override;
    void release() noexcept override { delete this; }

private:
    context_holder settings_;
    bool verify_;
};

tls_engine* context::connect(const char* host, const tls_ticket* with) const noexcept {
    connection_holder connection(SSL_new(settings_.get()));
    auto* made = connection.get();
    if (made == nullptr || !set_host(made, host, verify_))
        return nullptr;
    SSL_set_bio(made, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(made);
    if (with != nullptr)
        SSL_set_session(made, static_cast<const ticket*>(with)->get());
    return new (std::nothrow) engine(std::move(connection), host);
}

/// What is wrong with the authorities; empty: nothing.
std::string read_authorities(SSL_CTX* into, const std::string& ca_file) {
    const int read = ca_file.empty() ? SSL_CTX_set_default_verify_paths(into)
                                     : SSL_CTX_load_verify_file(into, ca_file.c_str());
    if (read == 1)
        return {};
    return "cannot read the authorities" + (ca_file.empty() ? "" : " in " + ca_file) + ": " +
           file_error();
}

/// A key that is encrypted cannot be read: nobody is asked on the terminal.
int no_password(char* /*into*/, int /*room*/, int /*writing*/, void* /*data*/) {
    return 0;
}

/// What is wrong with our certificate or its key; empty: nothing.
std::string read_certificate(SSL_CTX* into, const tls_files& files) {
    const std::string certificate = files.certificate;
    const std::string key = files.key;
    SSL_CTX_set_default_passwd_cb(into, no_password);
    if (SSL_CTX_use_certificate_chain_file(into, files.certificate) != 1)
        return "cannot read the certificate in " + certificate + ": " + file_error();
    if (SSL_CTX_use_PrivateKey_file(into, files.key, SSL_FILETYPE_PEM) == 1)
        return {};
    const int reason = ERR_GET_REASON(ERR_peek_last_error());
    if (reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH)
        return "the key in " + key + " is not that of the certificate in " + certificate;
    return "cannot read the key in " + key + ": " + file_error();
}

class openssl final : public tls_interface {
public:
    tls_context* make_context(bool verify, const tls_files& files,
                              text_sink& error) const noexcept override;
};

tls_context* openssl::make_context(bool verify, const tls_files& files,
                                   text_sink& error) const noexcept {
    ERR_clear_error();
    context_holder made(SSL_CTX_new(TLS_client_method()));
    if (!made) {
        set(error, "TLS: " + last_error());
        return nullptr;
    }
    // We speak HTTP/1.1; a service with several protocols must not choose another, RFC 7301.
    constexpr std::array<unsigned char, 9> protocols{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    SSL_CTX_set_alpn_protos(made.get(), protocols.data(), protocols.size());
    std::string wrong;
    if (verify) {
        SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER, nullptr);
        wrong = read_authorities(made.get(), files.authorities);
    }
    if (wrong.empty() && *files.certificate != '\0')
        wrong = read_certificate(made.get(), files);
    if (!wrong.empty()) {
        set(error, wrong);
        return nullptr;
    }
    return new (std::nothrow) context(std::move(made), verify);
}

} // namespace
} // namespace herald::http

extern "C" [[gnu::visibility("default")]] void* herald_module(const char* version) noexcept {
    return herald::http::offer<herald::http::tls_interface, herald::http::openssl>(version);
}
