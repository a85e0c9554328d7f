// Adds one image to the gradient of the filter, or starts it: all weights by tiles, band after band of output rows.
#pragma once

#include "conv/border.h"
#include "conv/correlate.h"
#include "conv/weight_tile.h"

namespace ab::lab::filter_grad {

// Rows of a band: of source and gradient as many as stay in a first-level cache of 32 KB.
inline int64_t bandRows(const ConvShape& s) {
  constexpr int64_t kBytes = 32 << 10;
  return std::max<int64_t>(1, kBytes / (4 * (s.strideH * Covered(s).columns * s.c + s.ow * s.o)));
}

// dy of one image, its channels padded to whole vectors; in place if they are.
inline const float* wholeVectors(const ConvShape& s, const float* dy, int64_t image) {
  const int64_t pixels = s.oh * s.ow, padded = vectorsOf(s.o) * W;
  dy += image * pixels * s.o;
  if (padded == s.o) return dy;
  float* to = scratchFloats(ScratchSlot::convGradient, pixels * padded);
  for (int64_t p = 0; p < pixels; p++) {
    std::copy_n(dy + p * s.o, s.o, to + p * padded);
    std::fill_n(to + p * padded + s.o, padded - s.o, 0.0f);
  }
  return to;
}

inline void addImage(const ConvShape& s, const float* x, const float* dy, float* sums, int64_t image, bool start, int64_t band,
                     bool threeTaps) {
  const float* bordered = copyCovered(s, x, image);
  const float* gradient = wholeVectors(s, dy, image);
  const int64_t rowStep = Covered(s).columns * s.c;
  Weights t;
  t.xPixel = s.strideW * s.c;
  t.xRow = s.strideH * rowStep;
  t.dyPixel = vectorsOf(s.o) * W;
  t.dyRow = s.ow * t.dyPixel;
  t.columns = s.ow;
  t.toStep = s.o;
  t.toTap = s.c * s.o;
  const bool taps = threeTaps && s.kw == kTaps && s.strideW == 1 && s.ow >= kTaps;
  for (int64_t first = 0; first < s.oh; first += band) {
    t.rows = std::min(band, s.oh - first);
    t.start = start && first == 0;
    for (int64_t j = 0; j < s.o; j += kPanel) {
      t.dy = gradient + first * t.dyRow + j;
      t.lanes = std::min(kPanel, s.o - j);
      const int64_t vectors = vectorsOf(t.lanes);
      const bool single = taps && vectors == 1;
      const Cut cut = single ? cutEvenly(s.c, kTapChannels) : cutEvenly(s.kw * s.c, kWeights);
      for (int64_t i = 0; i < cut.count; i++) {
        const WeightTile tile = single ? tapWeightTileFor(cut.length(i)) : weightTileFor(cut.length(i), vectors);
        for (int64_t ky = 0; ky < s.kh; ky++) {
          t.x = bordered + first * t.xRow + ky * rowStep + cut.begin(i);
          t.to = sums + (ky * s.kw * s.c + cut.begin(i)) * s.o + j;
          tile(t);
        }
      }
    }
  }
}

// What the tiles need at least, bands of `rows` rows.
inline void imagesBound(const ConvShape& s, Napkin& napkin, int64_t rows, bool threeTaps) {
  borderBound(s, napkin);
  const double perPixel = double(s.kh * s.kw * s.c);
  const double pixels = double(s.n * s.oh * s.ow), vectors = pixels * perPixel * double(vectorsOf(s.o));
  const double bands = double(s.n * ((s.oh + rows - 1) / rows)) * perPixel * double(vectorsOf(s.o));  // sums loaded and stored
  napkin.fmas(vectors);
  if (threeTaps && vectorsOf(s.o) == 1 && s.kw == kTaps && s.strideW == 1 && s.ow >= kTaps) {
    napkin.loads(vectors / double(cutEvenly(s.c, kTapChannels).size) + bands, vectors / kTaps);
  } else {
    napkin.loads(vectors / double(cutEvenly(s.kw * s.c, kWeights).size) + bands, vectors / double(s.o > W ? 2 : 1));
  }
  napkin.stores(bands);
}

}  // namespace ab::lab::filter_grad
