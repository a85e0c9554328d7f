// The tile for outputs of a single vector of channels. There each broadcast serves one multiply-add of the tile in pixel_tile.h, and loads,
// one a cycle, are the limit. Here a broadcast number meets all three taps of a filter row and adds to the three pixels that see it:
// P + 2 broadcasts and three loads for 3 P multiply-adds.
#pragma once

#include "pixel_tile.h"

namespace ab::lab {

constexpr int kTaps = 3;
constexpr int kTapPixelsLeast = 8, kTapPixels = V::registers >= 32 ? 16 : 12;

// As in pixel_tile.h with B = 1: a run is three taps of equal length, `pixelStep`, one pixel apart.
template <int P>
void tapTile(const Pixels& t) {
  V::Reg sums[P][1];
#pragma GCC unroll 16
  for (int p = 0; p < P; p++) sums[p][0] = V::zero();
  const int64_t channels = t.run / kTaps;
  // Four pixels to a pointer and multiples of the step: 18 pointers would not fit the integer registers.
  const int64_t step[4] = {0, t.pixelStep, 2 * t.pixelStep, 3 * t.pixelStep};
  for (int64_t row = 0; row < t.rows; row++) {
    const float* f = t.filter + row * t.run * W;
    const float* group[(P + 5) / 4];
#pragma GCC unroll 5
    for (int g = 0; g < (P + 5) / 4; g++) group[g] = t.from + row * t.rowStep + 4 * g * t.pixelStep;
    for (int64_t k = 0; k < channels; k++, f += W) {
      V::Reg w[kTaps];
#pragma GCC unroll 3
      for (int tap = 0; tap < kTaps; tap++) w[tap] = V::load(f + tap * channels * W);
#pragma GCC unroll 18
      for (int q = 0; q < P + kTaps - 1; q++) {
        const V::Reg value = V::set1(group[q / 4][step[q % 4]]);
#pragma GCC unroll 3
        for (int tap = 0; tap < kTaps; tap++)
          if (q - tap >= 0 && q - tap < P) sums[q - tap][0] = V::fma(value, w[tap], sums[q - tap][0]);
      }
#pragma GCC unroll 5
      for (int g = 0; g < (P + 5) / 4; g++) {
        group[g]++;
        asm("" : "+r"(group[g]));
      }
    }
  }
  writeTile(sums, t.to, t.toStep, P, t.lanes, true);
}

template <int... I>
PixelTile pickTapTile(std::integer_sequence<int, I...>, int64_t pixels) {
  static constexpr PixelTile table[] = {&tapTile<kTapPixelsLeast + I>...};
  return table[pixels - kTapPixelsLeast];
}
// pixels in [kTapPixelsLeast, kTapPixels].
inline PixelTile tapTileFor(int64_t pixels) {
  return pickTapTile(std::make_integer_sequence<int, kTapPixels - kTapPixelsLeast + 1>{}, pixels);
}

}  // namespace ab::lab
