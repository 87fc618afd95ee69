#pragma once

#include "herald/http/module.hpp"

#include <cstddef>
#include <cstdint>

namespace herald::health {

// The border to herald-dns.so, in which ldns is.

struct dns_question {
    const char* name = nullptr;
    std::uint16_t record = 1;
    std::uint16_t record_class = 1;
    std::uint16_t id = 0;
};

/// Whether a message answers a question.
enum class dns_relation : std::uint8_t { unrelated, truncated, answers };

/// What an answer must be.
struct dns_expectation {
    std::uint8_t rcode = 0;
    const char* data = nullptr; // a record's; empty: any or none
};

class dns_interface {
public:
    /// A type's number by its name, in capitals; 0: none.
    virtual std::uint16_t record_type(const char* name) const noexcept = 0;
    /// A response code by its name, in capitals; -1: none.
    virtual int response_code(const char* name) const noexcept = 0;
    virtual bool is_name(const char* text) const noexcept = 0;
    /// Whether `text` is data of that type, as in a zone file. If not, `type_name` is the type's.
    virtual bool is_data(std::uint16_t type, const char* text,
                         http::text_sink& type_name) const noexcept = 0;

    /// Writes a query; its length, 0 if the name cannot be asked for or there is no room.
    virtual std::size_t query(const dns_question& asked, std::uint8_t* into,
                              std::size_t room) const noexcept = 0;
    /// Judges a message that came for a question. `text` says how, also if it is as expected, which
    /// `passed` tells; both for one that answers only.
    virtual dns_relation judge(const dns_question& asked, const dns_expectation& expected,
                               const std::uint8_t* message, std::size_t size, bool& passed,
                               http::text_sink& text) const noexcept = 0;

protected:
    ~dns_interface() = default;
};

} // namespace herald::health
