// Every wrapper of Simd<T> against scalar arithmetic.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "check.h"

namespace ab {

struct SimdChecks {
  int64_t made = 0;
  std::vector<std::string> wrong;
};

}  // namespace ab

#define AB_KERNELS "../../test/simd_checks.inc"
#include "cpu/simd/foreach_isa.h"

namespace {

using namespace ab;
using namespace ab::test;

template <class T>
void checkWrappers() {
  static constexpr PerIsa<SimdChecks (*)()> run = AB_PER_ISA(checkSimd<T>);
  const SimdChecks result = run.chosen()();
  for (int64_t i = 0; i < result.made; i++) count(true);
  for (const std::string& what : result.wrong) expect(false, "Simd::" + what + " " + typeName<T>());
}

}  // namespace

int main() {
  forEachIsa([] {
    checkWrappers<float>();
    checkWrappers<double>();
  });
  return finish();
}
