#include "herald/http/module.hpp"

#include "herald/text/version.hpp"

#include <dlfcn.h>
#include <filesystem>
#include <fmt/format.h>

namespace herald::http {

namespace {

/// Relative to the program, so that both can be installed anywhere, and built anywhere.
std::filesystem::path module_folder() {
    std::error_code unreadable;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", unreadable);
    return (program.parent_path() / HERALD_MODULES).lexically_normal();
}

} // namespace

std::expected<void*, std::string> load_module(std::string_view file) {
    const auto path = (module_folder() / file).string();
    void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    void* symbol = handle == nullptr ? nullptr : dlsym(handle, module_symbol);
    if (symbol == nullptr) // dlerror() begins with what is missing: the module, or its library
        return std::unexpected(fmt::format("{} cannot be loaded: {}", file, dlerror()));
    const std::string version(text::version());
    void* found = reinterpret_cast<module_entry*>(symbol)(version.c_str());
    if (found == nullptr)
        return std::unexpected(fmt::format(
            "{} is not of version {}: restart herald, or install it again", path, version));
    return found;
}

} // namespace herald::http
