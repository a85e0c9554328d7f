// Both operands of a block are copied into the order in which the tile reads them. A copy costs one store a number and is read m / 4 or
// n / 32 times; in return every load of the tile is the next address, whatever the strides of the matrices, and a ragged edge is
// zeros in the copy and a mask at the store.
#include "packed.h"

namespace ab::lab::gemm {
namespace {

constexpr int R = 4;

void run(const Gemm& g, const float* a, const float* b, float* c) { multiplyPacked<R>(g, a, b, c); }
void bound(const Gemm& g, Napkin& napkin) { packedBound(g, napkin, R, (g.m + R - 1) / R * R); }

}  // namespace

const Rung<Gemm> packing{"packing", "both operands copied in the order of reading", run, bound};

}  // namespace ab::lab::gemm
