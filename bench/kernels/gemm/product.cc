// The product's own kernel. Beyond the rungs before: A is read in place, by four pointers and three multiples of its stride, unless its
// rows fight for cache sets; B is read in place too while few tiles would repay its copy; and of one tall or long product k or the
// columns are cut as well.
#include "cpu/gemm.h"

#include "cpu/gemm_cut.h"
#include "rung.h"

namespace ab::lab::gemm {
namespace {

void run(const Gemm& g, const float* a, const float* b, float* c) {
  ab::gemm(GemmArgs<float>{.m = g.m, .n = g.n, .k = g.k, .a = a, .lda = g.k, .b = b, .ldb = g.n, .c = c, .ldc = g.n});
}

void bound(const Gemm& g, Napkin& napkin) {
  const double vectors = double(g.m) * double((g.n + W - 1) / W) * double(g.k);
  napkin.fmas(vectors);
  napkin.loads(vectors / double(cutEvenly(g.m, kSums / 2).size), vectors / 2);
}

}  // namespace

const Rung<Gemm> product{"product", "native/cpu: gemm()", run, bound, true};

}  // namespace ab::lab::gemm
