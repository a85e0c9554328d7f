// The register tile of a convolution: P neighbouring pixels x B vectors of their channels. A step loads B vectors of the filter for all
// P pixels and broadcasts one number of each, P + B loads for P * B multiply-adds.
#pragma once

#include <algorithm>
#include <utility>

#include "vector.h"

namespace ab::lab {

// A window is `rows` runs of `run` numbers, `rowStep` apart; those of neighbouring pixels begin `pixelStep` apart. The filter's panel
// is [rows][run][B * W]. Pixels of the result lie `toStep` apart, `lanes` channels of each are written.
struct Pixels {
  const float* from;
  int64_t pixelStep, rowStep, rows, run;
  int64_t taps;  // in a run
  const float* filter;
  float* to;
  int64_t toStep, lanes;
};
using PixelTile = void (*)(const Pixels&);

template <int P, int B>
void pixelTile(const Pixels& t) {
  V::Reg sums[P][B];
#pragma GCC unroll 16
  for (int p = 0; p < P; p++)
#pragma GCC unroll 2
    for (int v = 0; v < B; v++) sums[p][v] = V::zero();
  const int64_t pixelStep = t.pixelStep;
  const float* f = t.filter;
  for (int64_t row = 0; row < t.rows; row++) {
    const float* from = t.from + row * t.rowStep;
    for (int64_t k = 0; k < t.run; k++, f += B * W) {
      V::Reg w[B];
#pragma GCC unroll 2
      for (int v = 0; v < B; v++) {
        w[v] = V::load(f + v * W);
        pin(w[v]);
      }
#pragma GCC unroll 16
      for (int p = 0; p < P; p++) {
        const V::Reg value = V::set1(from[k + p * pixelStep]);
#pragma GCC unroll 2
        for (int v = 0; v < B; v++) sums[p][v] = V::fma(value, w[v], sums[p][v]);
      }
    }
  }
  writeTile(sums, t.to, t.toStep, P, t.lanes, true);
}

constexpr int kPixels = V::registers >= 32 ? 8 : 6;

template <int B, int... P>
PixelTile pickPixelTile(std::integer_sequence<int, P...>, int64_t pixels) {
  static constexpr PixelTile table[] = {&pixelTile<P + 1, B>...};
  return table[pixels - 1];
}
// pixels in [1, kPixels], vectors 1 or 2.
inline PixelTile pixelTileFor(int64_t pixels, int64_t vectors) {
  constexpr auto upTo = std::make_integer_sequence<int, kPixels>{};
  return vectors == 1 ? pickPixelTile<1>(upTo, pixels) : pickPixelTile<2>(upTo, pixels);
}

}  // namespace ab::lab
