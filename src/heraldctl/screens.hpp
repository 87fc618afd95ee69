#pragma once

#include "tables.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>

namespace heraldctl {

/// What the socket answered, for people. Throws boost::system::system_error on an answer that is
/// not of the daemon's shape.
struct screen {
    layout shown;

    std::string status(const boost::json::value& answer) const;
    std::string neighbors(const boost::json::value& answer) const;
    std::string neighbor(const boost::json::value& answer) const;
    std::string services(const boost::json::value& answer) const;
    std::string service(const boost::json::value& answer) const;
    std::string checks(const boost::json::value& answer) const;
    std::string routes(const boost::json::value& answer) const;
    /// Of all services, or of that one.
    std::string fleet(const boost::json::value& answer, const std::string& service) const;
    std::string explain(const boost::json::value& answer) const;
    std::string reload(const boost::json::value& answer) const;
};

} // namespace heraldctl
