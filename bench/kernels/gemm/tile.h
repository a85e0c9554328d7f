// The register tile: R rows x two vectors of C stay in registers while k runs. A step loads two vectors of B and broadcasts R numbers
// of A for 2 R multiply-adds, and touches C not at all; 2 R independent sums hide the latency if R >= 4.
#pragma once

#include "vector.h"

namespace ab::lab::gemm {

// Element (r, p) of A is a[r * rowStep + p * kStep]. Writes `rows` <= R rows of `lanes` <= 2 W columns; adds to them unless `start`. With
// `ahead` the lines of C are asked for before the sums begin.
template <int R, bool ahead = false>
AB_INLINE void tile(int64_t depth, const float* a, int64_t rowStep, int64_t kStep, const float* b, int64_t ldb, float* c, int64_t ldc,
                    int64_t rows, int64_t lanes, bool start) {
  V::Reg sums[R][2];
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) sums[r][0] = sums[r][1] = V::zero();
  if constexpr (ahead) {
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
      __builtin_prefetch(c + r * ldc);
      __builtin_prefetch(c + r * ldc + W);
    }
  }
  for (int64_t p = 0; p < depth; p++) {
    V::Reg b0 = V::load(b), b1 = V::load(b + W);
    pin(b0);
    pin(b1);
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
      const V::Reg x = V::set1(a[r * rowStep]);
      sums[r][0] = V::fma(x, b0, sums[r][0]);
      sums[r][1] = V::fma(x, b1, sums[r][1]);
    }
    a += kStep;
    b += ldb;
  }
  writeTile(sums, c, ldc, rows, lanes, start);
}

}  // namespace ab::lab::gemm
