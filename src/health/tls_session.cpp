#include "tls_session.hpp"

#include "loaded_library.hpp"

#include <array>
#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <optional>

namespace herald::health {

namespace {

/// The functions of OpenSSL that are used.
#define HERALD_OPENSSL_FUNCTIONS(DO)                                                               \
    DO(BIO_ctrl_pending)                                                                           \
    DO(BIO_new)                                                                                    \
    DO(BIO_read)                                                                                   \
    DO(BIO_s_mem)                                                                                  \
    DO(BIO_write)                                                                                  \
    DO(ERR_clear_error)                                                                            \
    DO(ERR_peek_last_error)                                                                        \
    DO(ERR_reason_error_string)                                                                    \
    DO(SSL_CTX_free)                                                                               \
    DO(SSL_CTX_load_verify_file)                                                                   \
    DO(SSL_CTX_new)                                                                                \
    DO(SSL_CTX_set_alpn_protos)                                                                    \
    DO(SSL_CTX_set_default_verify_paths)                                                           \
    DO(SSL_CTX_set_verify)                                                                         \
    DO(SSL_ctrl)                                                                                   \
    DO(SSL_do_handshake)                                                                           \
    DO(SSL_free)                                                                                   \
    DO(SSL_get0_param)                                                                             \
    DO(SSL_get_error)                                                                              \
    DO(SSL_get_rbio)                                                                               \
    DO(SSL_get_verify_result)                                                                      \
    DO(SSL_get_wbio)                                                                               \
    DO(SSL_new)                                                                                    \
    DO(SSL_read)                                                                                   \
    DO(SSL_set_bio)                                                                                \
    DO(SSL_set_connect_state)                                                                      \
    DO(SSL_write)                                                                                  \
    DO(TLS_client_method)                                                                          \
    DO(X509_VERIFY_PARAM_set1_host)                                                                \
    DO(X509_VERIFY_PARAM_set1_ip_asc)                                                              \
    DO(X509_verify_cert_error_string)

struct openssl_library {
// A name that is declared takes no parentheses. NOLINTNEXTLINE(bugprone-macro-parentheses)
#define HERALD_MEMBER(name) decltype(&::name) name = nullptr;
    HERALD_OPENSSL_FUNCTIONS(HERALD_MEMBER)
#undef HERALD_MEMBER
};

std::optional<openssl_library> load_openssl() {
    loaded_library library("libssl.so.3");
    openssl_library result;
#define HERALD_FIND(name) library.find(result.name, #name);
    HERALD_OPENSSL_FUNCTIONS(HERALD_FIND)
#undef HERALD_FIND
    return library.complete() ? std::optional(result) : std::nullopt;
}

/// Null where it cannot be loaded.
const openssl_library* openssl() {
    static const auto library = load_openssl();
    return library ? &*library : nullptr;
}

/// What OpenSSL last complained of.
std::string last_error() {
    const char* reason = openssl()->ERR_reason_error_string(openssl()->ERR_peek_last_error());
    return reason == nullptr ? "unknown error" : reason;
}

/// Which host is asked for, and whose certificate it must show; false: no memory.
bool set_host(SSL* session, const std::string& host, bool verify) {
    boost::system::error_code no_address;
    const auto address = boost::asio::ip::make_address(host, no_address);
    auto* expected = openssl()->SSL_get0_param(session);
    if (no_address) { // an address is no server name, RFC 6066 §3
        std::string name(host);
        if (openssl()->SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                                name.data()) != 1)
            return false;
        return !verify ||
               openssl()->X509_VERIFY_PARAM_set1_host(expected, host.c_str(), host.size()) == 1;
    }
    return !verify ||
           openssl()->X509_VERIFY_PARAM_set1_ip_asc(expected, address.to_string().c_str()) == 1;
}

} // namespace

void tls_context_ender::operator()(SSL_CTX* context) const {
    openssl()->SSL_CTX_free(context);
}

void tls_ender::operator()(SSL* session) const {
    openssl()->SSL_free(session);
}

std::expected<SSL_CTX*, std::string> tls_client::context() {
    if (openssl() == nullptr)
        return std::unexpected("libssl.so.3 cannot be loaded: install OpenSSL 3");
    std::error_code gone;
    const auto written = ca_file_.empty() ? std::filesystem::file_time_type{}
                                          : std::filesystem::last_write_time(ca_file_, gone);
    if (context_ && (gone || written == written_))
        return context_.get();
    if (auto failure = load(); !failure.empty()) {
        context_.reset();
        return std::unexpected(std::move(failure));
    }
    written_ = written;
    return context_.get();
}

std::string tls_client::load() {
    const auto& library = *openssl();
    library.ERR_clear_error();
    context_.reset(library.SSL_CTX_new(library.TLS_client_method()));
    if (!context_)
        return "TLS: " + last_error();
    // We speak HTTP/1.1; a service with several protocols must not choose another, RFC 7301.
    constexpr std::array<unsigned char, 9> protocols{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    library.SSL_CTX_set_alpn_protos(context_.get(), protocols.data(), protocols.size());
    if (!verify_)
        return {};
    library.SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    const int read = ca_file_.empty()
                         ? library.SSL_CTX_set_default_verify_paths(context_.get())
                         : library.SSL_CTX_load_verify_file(context_.get(), ca_file_.c_str());
    if (read == 1)
        return {};
    return fmt::format("cannot read the authorities{}{}: {}", ca_file_.empty() ? "" : " in ",
                       ca_file_, last_error());
}

std::expected<tls_session, std::string> tls_session::begin(tls_client& client,
                                                           const std::string& host) {
    const auto context = client.context();
    if (!context)
        return std::unexpected(context.error());
    const auto& library = *openssl();
    tls_session result(library.SSL_new(*context), host);
    auto* session = result.session_.get();
    if (session == nullptr || !set_host(session, host, client.verifies()))
        return std::unexpected("TLS: out of memory");
    library.SSL_set_bio(session, library.BIO_new(library.BIO_s_mem()),
                        library.BIO_new(library.BIO_s_mem()));
    library.SSL_set_connect_state(session);
    return result;
}

tls_progress tls_session::handshake() {
    openssl()->ERR_clear_error();
    return judge(openssl()->SSL_do_handshake(session_.get()));
}

tls_progress tls_session::write(std::string_view text) {
    openssl()->ERR_clear_error();
    return judge(openssl()->SSL_write(session_.get(), text.data(), static_cast<int>(text.size())));
}

tls_progress tls_session::read(std::span<char> into, std::size_t& count) {
    openssl()->ERR_clear_error();
    const int read =
        openssl()->SSL_read(session_.get(), into.data(), static_cast<int>(into.size()));
    count = read > 0 ? static_cast<std::size_t>(read) : 0;
    return judge(read);
}

tls_progress tls_session::judge(int result) {
    switch (openssl()->SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_NONE: return tls_progress::done;
    case SSL_ERROR_WANT_READ: return tls_progress::wants_input;
    case SSL_ERROR_ZERO_RETURN: return tls_progress::closed;
    default: break;
    }
    const auto verified = openssl()->SSL_get_verify_result(session_.get());
    if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH)
        failure_ = fmt::format("TLS: the certificate is not for {}", host_);
    else if (verified != X509_V_OK)
        failure_ = fmt::format("TLS: {}", openssl()->X509_verify_cert_error_string(verified));
    else
        failure_ = fmt::format("TLS: {}", last_error());
    return tls_progress::failed;
}

void tls_session::feed(std::span<const char> octets) {
    openssl()->BIO_write(openssl()->SSL_get_rbio(session_.get()), octets.data(),
                         static_cast<int>(octets.size()));
}

std::string tls_session::take() {
    auto* network = openssl()->SSL_get_wbio(session_.get());
    std::string octets(openssl()->BIO_ctrl_pending(network), '\0');
    if (!octets.empty())
        openssl()->BIO_read(network, octets.data(), static_cast<int>(octets.size()));
    return octets;
}

std::string tls_session::failure() const {
    return failure_;
}

} // namespace herald::health
