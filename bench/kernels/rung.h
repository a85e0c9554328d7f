// One rung of a ladder: a kernel that computes the same as all others of its ladder, and one idea more than the one before it.
#pragma once

#include <cstdint>

#include "cpu/conv.h"
#include "memory.h"
#include "napkin.h"

namespace ab::lab {

// C[m,n] = A[m,k] B[k,n], row-major.
struct Gemm {
  int64_t m, n, k;
};

template <class Shape>
struct Rung {
  const char* name;
  const char* idea;
  // Overwrites its output. GEMM (A, B, C), forward (x, filter, y), input gradient (dy, filter, dx), filter gradient (x, dy, dfilter).
  // Convolutions: NHWC and HWIO, without dilation and groups.
  void (*run)(const Shape& shape, const float* first, const float* second, float* out);
  void (*bound)(const Shape& shape, Napkin& napkin);
  bool threaded = false;
};

#define RUNG(ladder, shape, name)      \
  namespace ladder {                   \
  extern const Rung<shape> name;       \
  }
#include "rungs.inc"
#undef RUNG

}  // namespace ab::lab
