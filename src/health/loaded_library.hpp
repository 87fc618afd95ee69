#pragma once

#include <dlfcn.h>

namespace herald::health {

/// A library that is loaded when it is first needed: OpenSSL and ldns would cost every start a
/// millisecond and every daemon a megabyte or more, whether a check uses them or not. They stay.
class loaded_library {
public:
    explicit loaded_library(const char* name) : handle_(dlopen(name, RTLD_NOW | RTLD_LOCAL)) {}

    /// Looks a symbol up, in the library and in those that it needs; null where it is not there.
    template <class symbol>
    void find(symbol*& into, const char* name) {
        into = handle_ == nullptr ? nullptr : reinterpret_cast<symbol*>(dlsym(handle_, name));
        complete_ = complete_ && into != nullptr;
    }
    /// Whether all that was looked up was there.
    bool complete() const { return complete_; }

private:
    void* handle_;
    bool complete_ = true;
};

} // namespace herald::health
