// A tile as large as the registers allow: with 32 of them 14 rows x 2 vectors, 28 sums beside two vectors of B and a broadcast. 16 loads
// for 28 multiply-adds instead of 6 for 8, and a panel of B is read a third as often. The price: rows are padded to a multiple of 14,
// so that of 64 rows 70 are computed.
#include "packed.h"

namespace ab::lab::gemm {
namespace {

constexpr int R = kSums / 2;

void run(const Gemm& g, const float* a, const float* b, float* c) { multiplyPacked<R>(g, a, b, c); }
void bound(const Gemm& g, Napkin& napkin) { packedBound(g, napkin, R, (g.m + R - 1) / R * R); }

}  // namespace

const Rung<Gemm> micro_kernel{"micro_kernel", "a tile that fills the registers, 14 x 2", run, bound};

}  // namespace ab::lab::gemm
