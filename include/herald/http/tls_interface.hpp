#pragma once

#include "herald/http/module.hpp"

#include <cstddef>
#include <cstdint>

namespace herald::http {

// The border to herald-tls.so, in which OpenSSL is.

/// How far an operation came.
enum class tls_progress : std::uint8_t { done, wants_input, closed, failed };

/// What is kept of one connection to begin the next one with less work, RFC 8446 §2.2.
class tls_ticket {
public:
    virtual void release() noexcept = 0;

protected:
    ~tls_ticket() = default;
};

/// One connection without its socket: octets from the network go in, octets for it come out.
class tls_engine {
public:
    virtual tls_progress handshake() noexcept = 0;
    virtual tls_progress write(const char* octets, std::size_t size) noexcept = 0;
    virtual tls_progress read(char* into, std::size_t room, std::size_t& count) noexcept = 0;

    /// What came from the network.
    virtual void feed(const char* octets, std::size_t size) noexcept = 0;
    /// What is to be sent after any of the above: how much was written to `into`.
    virtual std::size_t take(char* into, std::size_t room) noexcept = 0;

    /// Why the last one failed: "certificate has expired" …
    virtual void failure(text_sink& into) const noexcept = 0;
    /// Whether the handshake went by a ticket, and the certificate was not looked at.
    virtual bool resumed() const noexcept = 0;
    /// For the next connection; null if the server offered none.
    virtual tls_ticket* ticket() const noexcept = 0;
    virtual void release() noexcept = 0;

protected:
    ~tls_engine() = default;
};

/// Paths; "": none.
struct tls_files {
    const char* authorities; // none: those of the system
    const char* certificate; // ours, and its chain
    const char* key;         // of our certificate
};

/// What connections have in common that trust the same authorities.
class tls_context {
public:
    /// To that host, whose name is asked for (SNI, RFC 6066 §3) and which the certificate must be
    /// for. With a ticket of this context, or none. Null: no memory.
    virtual tls_engine* connect(const char* host, const tls_ticket* ticket) const noexcept = 0;
    virtual void release() noexcept = 0;

protected:
    ~tls_context() = default;
};

/// What the module gives.
class tls_interface {
public:
    /// Reads the files, which may block. Null: `error` says why, for people.
    virtual tls_context* make_context(bool verify, const tls_files& files,
                                      text_sink& error) const noexcept = 0;

protected:
    ~tls_interface() = default;
};

} // namespace herald::http
