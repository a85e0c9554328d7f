// Copies of the operands in the order in which the tile reads them, zeros where it reaches beyond the matrix.
#pragma once

#include <algorithm>

#include "memory.h"
#include "rung.h"

namespace ab::lab::gemm {

// Of a block of k: 256 x 32 numbers of B are 32 KB, a first-level cache; the last rungs need not stay within one.
constexpr int64_t kDepth = 256, kDeep = 512;
constexpr int64_t kPanel = 2 * W;

// Columns [j, j + kPanel) of `depth` rows of B, from b: to[p][kPanel].
inline void packB(const Gemm& g, const float* b, int64_t depth, int64_t j, float* to) {
  const int64_t columns = std::min(kPanel, g.n - j);
  for (int64_t p = 0; p < depth; p++, b += g.n, to += kPanel) {
    std::copy_n(b + j, columns, to);
    std::fill_n(to + columns, kPanel - columns, 0.0f);
  }
}

// `rows` rows of A, from a, for a tile of `width` rows: to[p][width].
inline void packA(const Gemm& g, const float* a, int64_t depth, int64_t rows, int64_t width, float* to) {
  for (int64_t r = 0; r < width; r++) {
    const float* row = a + r * g.k;
    for (int64_t p = 0; p < depth; p++) to[p * width + r] = r < rows ? row[p] : 0.0f;
  }
}

}  // namespace ab::lab::gemm
