#pragma once

#include "herald/text/version.hpp"

#include <cstddef>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace herald::http {

// Private modules link a library that most daemons do not need, and are loaded when one does. Each
// has a C++ run-time library of its own, so only plain values cross the border, no exception and
// nothing that the other side would have to free.

/// The symbol of a module that is `extern "C"`: gives its interface, or null if it was not built
/// together with the program of that version.
using module_entry = void*(const char* version) noexcept;
inline constexpr const char* module_symbol = "herald_module";

/// Where a module writes a text to.
class text_sink {
public:
    virtual void set(const char* text, std::size_t size) noexcept = 0;

protected:
    ~text_sink() = default;
};

/// What a module made, and takes back.
struct releaser {
    template <class made>
    void operator()(made* what) const {
        what->release();
    }
};
template <class made>
using from_module = std::unique_ptr<made, releaser>;

/// What a module's entry gives: its interface.
template <class interface, class made>
void* offer(const char* version) noexcept {
    static made only;
    return version == text::version() ? static_cast<interface*>(&only) : nullptr;
}

/// For what a library made, by the function of the library that ends it.
template <auto end>
struct ender {
    template <class ended>
    void operator()(ended* what) const {
        end(what);
    }
};

/// The interface of the module in that file ("herald-tls.so"), which lies in a folder that has its
/// place relative to this program. It stays. This may block. The error is a line for people.
std::expected<void*, std::string> load_module(std::string_view file);

/// The same, for a module that is used again and again, by any thread. After it could not be loaded
/// it is tried again: what is missing may have been installed.
template <class interface>
std::expected<const interface*, std::string> loaded_module(std::string_view file) {
    static std::mutex one_at_a_time;
    static const interface* loaded = nullptr;
    const std::lock_guard lock(one_at_a_time);
    if (loaded == nullptr) {
        const auto found = load_module(file);
        if (!found)
            return std::unexpected(found.error());
        loaded = static_cast<const interface*>(*found);
    }
    return loaded;
}

inline void set(text_sink& into, const std::string& text) {
    into.set(text.data(), text.size());
}

/// A text that a module writes.
class module_text final : public text_sink {
public:
    void set(const char* text, std::size_t size) noexcept override { text_.assign(text, size); }
    const std::string& get() const { return text_; }

private:
    std::string text_;
};

} // namespace herald::http
