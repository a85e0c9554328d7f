// Rows are cut into tiles that differ by one at most, and there is a micro-kernel for each height: 64 rows are tiles of 13, 13, 13, 13
// and 12, and nothing is multiplied in vain.
#include "even.h"

namespace ab::lab::gemm {
namespace {

void run(const Gemm& g, const float* a, const float* b, float* c) { multiplyEvenly<false>(g, kDepth, a, b, c); }
void bound(const Gemm& g, Napkin& napkin) { evenBound(g, napkin, kDepth); }

}  // namespace

const Rung<Gemm> even_tiles{"even_tiles", "rows cut evenly: no padded row is multiplied", run, bound};

}  // namespace ab::lab::gemm
