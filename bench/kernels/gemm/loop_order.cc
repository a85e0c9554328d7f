// The inner two loops exchanged: C's row gains multiples of B's rows. Nothing waits and memory is read in its order; what limits now is
// that each multiply-add loads and stores its element of C.
#include "row_update.h"

namespace ab::lab::gemm {
namespace {

void run(const Gemm& g, const float* a, const float* b, float* c) { updateColumns(g, a, b, c, 0); }

void bound(const Gemm& g, Napkin& napkin) {
  const double steps = double(g.m) * double(g.n) * double(g.k);
  napkin.scalarStores(steps);
  napkin.read(4 * steps, napkin.machine().holding(4.0 * double(g.k * g.n)));
}

}  // namespace

const Rung<Gemm> loop_order{"loop_order", "ikj: rows of C gain multiples of rows of B", run, bound};

}  // namespace ab::lab::gemm
