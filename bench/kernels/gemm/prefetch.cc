// The lines of C are asked for before a tile begins to sum, so that they are there when it ends.
#include "even.h"

namespace ab::lab::gemm {
namespace {

void run(const Gemm& g, const float* a, const float* b, float* c) { multiplyEvenly<true>(g, kDeep, a, b, c); }
void bound(const Gemm& g, Napkin& napkin) { evenBound(g, napkin, kDeep); }

}  // namespace

const Rung<Gemm> prefetch{"prefetch", "C is asked for before it is needed", run, bound};

}  // namespace ab::lab::gemm
