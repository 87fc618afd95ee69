#include "tests/wire/update_support.hpp"

#include <cstdlib>
#include <new>

namespace {

std::size_t allocations = 0; // of this program, which has one thread

} // namespace

void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size))
        return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

using namespace herald::wire;
using namespace herald::wire::test;

TEST_CASE("check_update: nothing is allocated for an UPDATE that is as it should be") {
    const auto body = update_body(
        hex("08 0a"), join({good_mp_reach, good_mp_unreach, mandatory, hex("c0 08 04 fbf40064")}),
        herald::test::repeat(good_nlri, 900));
    const auto before = allocations;
    const auto checked = check_update(body, external);
    const auto after = allocations;
    REQUIRE(checked);
    CHECK(checked->malformations.empty());
    CHECK(after == before);

    // The counter does count: a finding has to be put somewhere.
    const auto bad = update_body({}, join({mandatory, hex("40 06 01 00")}), good_nlri);
    const auto before_bad = allocations;
    CHECK(check_update(bad, external)->malformations.size() == 1);
    CHECK(allocations > before_bad);
}
