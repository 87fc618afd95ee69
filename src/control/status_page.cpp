#include "herald/control/status_page.hpp"

#include "status_page_bytes.hpp"

namespace herald::control {

response status_page() {
    return {.body = std::string(status_page_bytes),
            .type = "text/html; charset=utf-8",
            // Nothing but what the page itself holds, and requests to where it came from.
            .more = "Content-Security-Policy: default-src 'none'; script-src 'unsafe-inline'; "
                    "style-src 'unsafe-inline'; connect-src 'self'; img-src data:; "
                    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
                    "X-Content-Type-Options: nosniff\r\n"
                    "Referrer-Policy: no-referrer\r\n"
                    "Cache-Control: no-cache\r\n"};
}

} // namespace herald::control
