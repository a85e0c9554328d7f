// The loop of two rungs, compiled once as scalar code and once with the vectoriser; and what later rungs do with a remainder.
#pragma once

#include "rung.h"

namespace ab::lab::gemm {

// Columns [from, n) of C: each row of C gains a multiple of each row of B.
AB_INLINE void updateColumns(const Gemm& g, const float* a, const float* b, float* c, int64_t from) {
  for (int64_t i = 0; i < g.m; i++) {
    float* __restrict row = c + i * g.n;
    for (int64_t j = from; j < g.n; j++) row[j] = 0;
    for (int64_t p = 0; p < g.k; p++) {
      const float x = a[i * g.k + p];
      const float* __restrict bRow = b + p * g.n;
      for (int64_t j = from; j < g.n; j++) row[j] += x * bRow[j];
    }
  }
}

}  // namespace ab::lab::gemm
