// im2col: the window of each output pixel of one image written out as a row, kh * kw * c long, zero where it hangs over the border.
#pragma once

#include <algorithm>

#include "counts.h"

namespace ab::lab {

inline void copyPatches(const ConvShape& s, const float* image, float* patches) {
  for (int64_t oy = 0; oy < s.oh; oy++)
    for (int64_t ox = 0; ox < s.ow; ox++)
      for (int64_t ky = 0; ky < s.kh; ky++)
        for (int64_t kx = 0; kx < s.kw; kx++, patches += s.c) {
          const int64_t iy = oy * s.strideH + ky - s.padTop, ix = ox * s.strideW + kx - s.padLeft;
          if (iy < 0 || iy >= s.h || ix < 0 || ix >= s.w) std::fill_n(patches, s.c, 0.0f);
          else std::copy_n(image + (iy * s.w + ix) * s.c, s.c, patches);
        }
}

// Of one image, elements.
inline int64_t patchesSize(const ConvShape& s) { return s.oh * s.ow * s.kh * s.kw * s.c; }

// Writing them, then a matrix product that reads them.
inline void patchesBound(const ConvShape& s, Napkin& napkin) {
  const double bytes = 4 * double(patchesSize(s));
  const Level& level = napkin.machine().holding(bytes);
  napkin.stores(double(s.n * s.oh * s.ow * s.kh * s.kw * vectorsOf(s.c)));
  napkin.read(double(s.n) * bytes, level);
  napkin.then();
  napkin.fmas(steps(s) / double(s.o) * double(vectorsOf(s.o)));
  napkin.read(double(s.n) * bytes, level);
}

}  // namespace ab::lab
