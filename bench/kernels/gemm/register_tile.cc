// Four rows x two vectors of C stay in registers while k runs: six loads for eight multiply-adds where there were sixteen and eight
// stores. B is read once for four rows rather than for each. Columns that fill no tile go the way of the rung before.
#include "row_update.h"
#include "tile.h"

namespace ab::lab::gemm {
namespace {

constexpr int R = 4;

void run(const Gemm& g, const float* a, const float* b, float* c) {
  const int64_t whole = g.n / (2 * W) * (2 * W);
  int64_t i = 0;
  for (; i + R <= g.m; i += R)
    for (int64_t j = 0; j < whole; j += 2 * W) tile<R>(g.k, a + i * g.k, g.k, 1, b + j, g.n, c + i * g.n + j, g.n, R, 2 * W, true);
  for (; i < g.m; i++)
    for (int64_t j = 0; j < whole; j += 2 * W) tile<1>(g.k, a + i * g.k, g.k, 1, b + j, g.n, c + i * g.n + j, g.n, 1, 2 * W, true);
  updateColumns(g, a, b, c, whole);
}

void bound(const Gemm& g, Napkin& napkin) {
  const double vectors = double(g.m) * double((g.n + W - 1) / W) * double(g.k);
  napkin.fmas(vectors);
  napkin.loads(vectors / R, vectors / 2);
  napkin.read(4.0 * W * vectors / R, napkin.machine().holding(4.0 * double(g.k * g.n)));
}

}  // namespace

const Rung<Gemm> register_tile{"register_tile", "4 rows x 2 vectors of C stay in registers", run, bound};

}  // namespace ab::lab::gemm
