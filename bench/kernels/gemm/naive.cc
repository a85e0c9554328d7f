// Three loops as the textbook has them: each element of C is a dot product.
//
// A dot product is one chain: no multiply-add can begin before the last has ended, four cycles each, and the compiler may not reorder
// the sum. B is read down a column, a cache line for every number; in a matrix whose rows are a power of two apart those lines meet
// in a few sets of the first-level cache, and come from the second again and again.
#include "rung.h"

namespace ab::lab::gemm {
namespace {

void run(const Gemm& g, const float* a, const float* b, float* c) {
  for (int64_t i = 0; i < g.m; i++)
    for (int64_t j = 0; j < g.n; j++) {
      float sum = 0;
      for (int64_t p = 0; p < g.k; p++) sum += a[i * g.k + p] * b[p * g.n + j];
      c[i * g.n + j] = sum;
    }
}

void bound(const Gemm& g, Napkin& napkin) {
  const double steps = double(g.m) * double(g.n) * double(g.k);
  napkin.chain(steps, double(g.k));
  napkin.read(64 * steps, napkin.machine().holding(g.k, 4, 4 * g.n));
}

}  // namespace

const Rung<Gemm> naive{"naive", "three loops, ijk", run, bound};

}  // namespace ab::lab::gemm
