#include "chain.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "isa.h"

#define AB_KERNELS "../chain_kernels.inc"
#include "simd/foreach_isa.h"

namespace ab {

StageFunction stageFunction(const Stage& stage) {
  static constexpr PerIsa<StageFunction (*)(const Stage&)> find = AB_PER_ISA(findStage);
  return find.chosen()(stage);
}

int64_t groupLength() {
  static constexpr PerIsa<int64_t (*)()> length = AB_PER_ISA(lengthOfGroup);
  return length.chosen()();
}

void runChain(const Link* chain, int64_t n) {
  static constexpr PerIsa<void (*)(const Link*, int64_t)> run = AB_PER_ISA(runLinks);
  run.chosen()(chain, n);
}

}  // namespace ab
