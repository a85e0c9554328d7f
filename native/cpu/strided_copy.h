// What the instructions that only move elements are: copies between two strided views.
#pragma once

#include "tape.h"

namespace ab {

// Two views of equal extents, strides and offsets in elements. Strides of the source may be negative.
struct StridedCopy {
  Extents extents;
  Extents to;
  Extents from;
  int64_t toOffset = 0;
  int64_t fromOffset = 0;
  size_t input = 0;  // which of the kernel's
};

inline Extents rowMajorStrides(const Extents& shape) {
  Extents strides;
  strides.rank = shape.rank;
  int64_t step = 1;
  for (int i = shape.rank - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

// Drops axes of extent 1 and joins neighbours that both views step through as one.
StridedCopy normalized(const StridedCopy& copy);

StridedCopy transposeCopy(const Kernel& kernel);
StridedCopy sliceCopy(const Kernel& kernel);
// Into zeros.
StridedCopy padCopy(const Kernel& kernel);
StridedCopy reverseCopy(const Kernel& kernel);
// Of one part, which begins at `start` along the axis.
StridedCopy concatenateCopy(const Kernel& kernel, size_t input, int64_t start);

}  // namespace ab
