#pragma once

#include "failure.hpp"

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <span>
#include <string>
#include <string_view>

namespace heraldctl {

struct global_options {
    std::string socket = "/run/herald/control.sock";
    bool json = false;
    bool wide = false;
};

struct command {
    std::string_view name;
    std::string_view arguments;
    std::string_view summary;
    int names = 0; // how many arguments that are no options it takes; -1: any number
    void (*declare)(boost::program_options::options_description& options);
    result<void> (*run)(const global_options& global,
                        const boost::program_options::variables_map& options);
};

/// The commands that exist, in the order of --help. Arguments that are no options are the
/// std::vector<std::string> "name".
std::span<const command> commands();

} // namespace heraldctl
