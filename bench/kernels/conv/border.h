// An image with its border of zeros. Then no inner loop asks whether a tap lies inside: one store a value pays for kh * kw * o multiply-adds.
#pragma once

#include <algorithm>

#include "counts.h"

namespace ab::lab {

// Rows [top, top + rows) x columns [left, left + columns) of an image [h, w, c], zero where they lie outside it.
inline void copyBordered(const float* image, int64_t h, int64_t w, int64_t c, int64_t top, int64_t left, int64_t rows, int64_t columns,
                         float* to) {
  const int64_t before = std::clamp<int64_t>(-left, 0, columns);
  const int64_t end = std::clamp<int64_t>(w - left, before, columns);
  for (int64_t r = 0; r < rows; r++, to += columns * c) {
    const int64_t y = top + r;
    if (y < 0 || y >= h || before == end) {
      std::fill_n(to, columns * c, 0.0f);
      continue;
    }
    std::fill_n(to, before * c, 0.0f);
    std::copy_n(image + (y * w + left + before) * c, (end - before) * c, to + before * c);
    std::fill_n(to + end * c, (columns - end) * c, 0.0f);
  }
}

// What the windows of a convolution cover, border included.
struct Covered {
  int64_t rows, columns;
  explicit Covered(const ConvShape& s) : rows((s.oh - 1) * s.strideH + s.kh), columns((s.ow - 1) * s.strideW + s.kw) {}
  int64_t size(int64_t channels) const { return rows * columns * channels; }
};

inline float* copyCovered(const ConvShape& s, const float* x, int64_t image) {
  const Covered covered(s);
  float* to = scratchFloats(ScratchSlot::convSource, covered.size(s.c));
  copyBordered(x + image * s.h * s.w * s.c, s.h, s.w, s.c, -s.padTop, -s.padLeft, covered.rows, covered.columns, to);
  return to;
}

// The copy: stored, and read where the images are.
inline void borderBound(const ConvShape& s, Napkin& napkin) {
  napkin.stores(double(s.n * Covered(s).size(s.c)) / W);
  napkin.read(4 * xSize(s), napkin.machine().holding(4 * xSize(s)));
  napkin.then();
}

}  // namespace ab::lab
