// k is cut into blocks of 256, and all tiles of a panel of 32 columns are computed one below the other: the panel's 256 x 32 numbers,
// 32 KB, are read again and again, and should come from the first-level cache. They do not where rows of B are a power of two apart:
// 256 stretches of two lines compete for a few sets of eight.
#include <algorithm>

#include "row_update.h"
#include "tile.h"

namespace ab::lab::gemm {
namespace {

constexpr int R = 4;
constexpr int64_t kDepth = 256;

void run(const Gemm& g, const float* a, const float* b, float* c) {
  const int64_t whole = g.n / (2 * W) * (2 * W);
  for (int64_t p = 0; p < g.k; p += kDepth) {
    const int64_t depth = std::min(kDepth, g.k - p);
    for (int64_t j = 0; j < whole; j += 2 * W) {
      int64_t i = 0;
      for (; i + R <= g.m; i += R)
        tile<R>(depth, a + i * g.k + p, g.k, 1, b + p * g.n + j, g.n, c + i * g.n + j, g.n, R, 2 * W, p == 0);
      for (; i < g.m; i++)
        tile<1>(depth, a + i * g.k + p, g.k, 1, b + p * g.n + j, g.n, c + i * g.n + j, g.n, 1, 2 * W, p == 0);
    }
  }
  updateColumns(g, a, b, c, whole);
}

void bound(const Gemm& g, Napkin& napkin) {
  const double vectors = double(g.m) * double((g.n + W - 1) / W) * double(g.k);
  napkin.fmas(vectors);
  napkin.loads(vectors / R, vectors / 2);
  napkin.read(4.0 * W * vectors / R, napkin.machine().holding(std::min(kDepth, g.k), 8 * W, 4 * g.n));
}

}  // namespace

const Rung<Gemm> cache_blocking{"cache_blocking", "k in blocks of 256: a panel of B stays near", run, bound};

}  // namespace ab::lab::gemm
