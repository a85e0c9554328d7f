// The register tile of a filter gradient: T neighbouring taps of a filter row (a tap and its channel) x B vectors of output channels, summed
// over pixels. A pixel loads B vectors of dy and broadcasts T numbers of x for T * B multiply-adds.
#pragma once

#include <algorithm>
#include <utility>

#include "vector.h"

namespace ab::lab {

// Pixels of `rows` rows of `columns`; x is bordered, dy padded to whole vectors. Weights of neighbouring taps lie `toStep` apart, `lanes`
// channels of each are added to what is there, or start it.
struct Weights {
  const float* x;
  int64_t xPixel, xRow;
  const float* dy;
  int64_t dyPixel, dyRow;
  int64_t rows, columns;
  float* to;
  int64_t toStep, toTap;  // toTap: between the three taps of tapWeightTile
  int64_t lanes;
  bool start;
};
using WeightTile = void (*)(const Weights&);

template <int T, int B>
void weightTile(const Weights& t) {
  V::Reg sums[T][B];
#pragma GCC unroll 16
  for (int i = 0; i < T; i++)
#pragma GCC unroll 2
    for (int v = 0; v < B; v++) sums[i][v] = V::zero();
  for (int64_t row = 0; row < t.rows; row++) {
    const float* x = t.x + row * t.xRow;
    const float* dy = t.dy + row * t.dyRow;
    const int64_t xPixel = t.xPixel, dyPixel = t.dyPixel;
    for (int64_t p = 0; p < t.columns; p++, x += xPixel, dy += dyPixel) {
      V::Reg gradient[B];
#pragma GCC unroll 2
      for (int v = 0; v < B; v++) {
        gradient[v] = V::load(dy + v * W);
        pin(gradient[v]);
      }
#pragma GCC unroll 16
      for (int i = 0; i < T; i++) {
        const V::Reg value = V::set1(x[i]);
#pragma GCC unroll 2
        for (int v = 0; v < B; v++) sums[i][v] = V::fma(value, gradient[v], sums[i][v]);
      }
    }
  }
  writeTile(sums, t.to, t.toStep, T, t.lanes, t.start);
}

constexpr int kWeights = kSums / 2;

template <int B, int... T>
WeightTile pickWeightTile(std::integer_sequence<int, T...>, int64_t taps) {
  static constexpr WeightTile table[] = {&weightTile<T + 1, B>...};
  return table[taps - 1];
}
// taps in [1, kWeights], vectors 1 or 2.
inline WeightTile weightTileFor(int64_t taps, int64_t vectors) {
  constexpr auto upTo = std::make_integer_sequence<int, kWeights>{};
  return vectors == 1 ? pickWeightTile<1>(upTo, taps) : pickWeightTile<2>(upTo, taps);
}

// The same for a single vector of output channels and three taps of a row: a broadcast of x meets the gradients of the three
// pixels that see it. C channels of the source, three sums each; C + 3 loads for 3 C multiply-adds. Rows of three pixels or more.
constexpr int kTapChannels = V::registers >= 32 ? 8 : 4;

template <int C>
void tapWeightTile(const Weights& t) {
  V::Reg sums[3][C][1];
#pragma GCC unroll 8
  for (int i = 0; i < C; i++) sums[0][i][0] = sums[1][i][0] = sums[2][i][0] = V::zero();
  for (int64_t row = 0; row < t.rows; row++) {
    const float* x = t.x + row * t.xRow;
    const float* dy = t.dy + row * t.dyRow;
    const int64_t xPixel = t.xPixel, dyPixel = t.dyPixel, columns = t.columns;
    // Input pixel q is tap `tap` of output pixel q - tap; at either end some of the three do not exist.
    const auto add = [&]<int first, int end>(int64_t q, std::integer_sequence<int, first, end>) __attribute__((always_inline)) {
      V::Reg gradient[3];
#pragma GCC unroll 3
      for (int tap = first; tap < end; tap++) {
        gradient[tap] = V::load(dy + (q - tap) * dyPixel);
        pin(gradient[tap]);
      }
#pragma GCC unroll 8
      for (int i = 0; i < C; i++) {
        const V::Reg value = V::set1(x[q * xPixel + i]);
#pragma GCC unroll 3
        for (int tap = first; tap < end; tap++) sums[tap][i][0] = V::fma(value, gradient[tap], sums[tap][i][0]);
      }
    };
    add(0, std::integer_sequence<int, 0, 1>{});
    add(1, std::integer_sequence<int, 0, 2>{});
    for (int64_t q = 2; q < columns; q++) add(q, std::integer_sequence<int, 0, 3>{});
    add(columns, std::integer_sequence<int, 1, 3>{});
    add(columns + 1, std::integer_sequence<int, 2, 3>{});
  }
#pragma GCC unroll 3
  for (int tap = 0; tap < 3; tap++) writeTile(sums[tap], t.to + tap * t.toTap, t.toStep, C, t.lanes, t.start);
}

template <int... I>
WeightTile pickTapWeightTile(std::integer_sequence<int, I...>, int64_t channels) {
  static constexpr WeightTile table[] = {&tapWeightTile<I + 1>...};
  return table[channels - 1];
}
// channels in [1, kTapChannels].
inline WeightTile tapWeightTileFor(int64_t channels) {
  return pickTapWeightTile(std::make_integer_sequence<int, kTapChannels>{}, channels);
}

}  // namespace ab::lab
