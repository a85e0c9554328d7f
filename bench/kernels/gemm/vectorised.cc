// The same loop, now with the compiler's vectoriser at work. It may: the elements of a row are independent sums, so no order changes.
// Each vector multiply-add still brings two loads and a store along, and B streams through once for every row of A.
#include "row_update.h"

namespace ab::lab::gemm {
namespace {

void run(const Gemm& g, const float* a, const float* b, float* c) { updateColumns(g, a, b, c, 0); }

void bound(const Gemm& g, Napkin& napkin) {
  const double vectors = double(g.m) * double((g.n + W - 1) / W) * double(g.k);
  napkin.fmas(vectors);
  napkin.loads(2 * vectors);
  napkin.stores(vectors);
  napkin.chainThroughMemory(vectors, double((g.n + W - 1) / W));
  napkin.read(4.0 * W * vectors, napkin.machine().holding(4.0 * double(g.k * g.n)));
}

}  // namespace

const Rung<Gemm> vectorised{"vectorised", "the same, by the compiler's vectors", run, bound};

}  // namespace ab::lab::gemm
