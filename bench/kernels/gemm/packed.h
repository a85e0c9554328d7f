// The loops of two rungs around a packed tile of R rows: for each block of k both operands are copied, then every panel of B meets
// every tile of A.
#pragma once

#include "pack.h"
#include "tile.h"

namespace ab::lab::gemm {

template <int R>
void multiplyPacked(const Gemm& g, const float* a, const float* b, float* c) {
  const int64_t tiles = (g.m + R - 1) / R;
  float* packedA = scratchFloats(ScratchSlot::gemmA, tiles * R * kDepth);
  float* packedB = scratchFloats(ScratchSlot::gemmB, kPanel * kDepth);
  for (int64_t p = 0; p < g.k; p += kDepth) {
    const int64_t depth = std::min(kDepth, g.k - p);
    for (int64_t i = 0; i < tiles; i++)
      packA(g, a + i * R * g.k + p, depth, std::min<int64_t>(R, g.m - i * R), R, packedA + i * R * depth);
    for (int64_t j = 0; j < g.n; j += kPanel) {
      packB(g, b + p * g.n, depth, j, packedB);
      for (int64_t i = 0; i < tiles; i++)
        tile<R>(depth, packedA + i * R * depth, 1, R, packedB, kPanel, c + i * R * g.n + j, g.n, std::min<int64_t>(R, g.m - i * R),
                std::min(kPanel, g.n - j), p == 0);
    }
  }
}

// What tiles of R rows need; `rows` of A in all, padding included, k in blocks of `most`.
inline void packedBound(const Gemm& g, Napkin& napkin, int64_t R, int64_t rows, int64_t most = kDepth) {
  const Machine& m = napkin.machine();
  const int64_t depth = std::min(most, g.k), blocks = (g.k + most - 1) / most;
  const double panels = double((g.n + kPanel - 1) / kPanel);
  napkin.scalarStores(double(rows * g.k));  // A is transposed number by number
  napkin.then();
  napkin.stores(2 * panels * double(g.k));
  napkin.read(4.0 * double(g.k * g.n), m.holding(4.0 * double(g.k * g.n)));
  napkin.then();
  const double vectors = 2 * panels * double(rows) * double(g.k);
  napkin.fmas(vectors);
  napkin.loads(vectors / double(R), vectors / 2);
  napkin.read(4.0 * panels * double(rows * g.k), m.holding(4.0 * double(rows * depth)));
  napkin.read(4.0 * double(blocks * g.m * g.n), m.holding(4.0 * double(g.m * g.n)));
}

}  // namespace ab::lab::gemm
