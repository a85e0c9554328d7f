// A filter as the tiles read it: panels of `width` output channels, each [depth][width], zeros past the last channel.
#pragma once

#include <algorithm>

#include "counts.h"

namespace ab::lab {

inline int64_t packedSize(int64_t depth, int64_t channels, int64_t width) { return (channels + width - 1) / width * width * depth; }

// `depth` rows of `channels` numbers, row i at from(i).
template <class From>
void packFilter(int64_t depth, int64_t channels, int64_t width, float* to, From&& from) {
  for (int64_t j = 0; j < channels; j += width)
    for (int64_t i = 0; i < depth; i++, to += width) {
      const int64_t count = std::min(width, channels - j);
      std::copy_n(from(i) + j, count, to);
      std::fill_n(to + count, width - count, 0.0f);
    }
}

// Of the forward convolution: rows are taps and input channels.
inline const float* packForward(const ConvShape& s, const float* f, int64_t width) {
  const int64_t depth = s.kh * s.kw * s.c;
  float* packed = scratchFloats(ScratchSlot::convFilter, packedSize(depth, s.o, width));
  packFilter(depth, s.o, width, packed, [&](int64_t i) { return f + i * s.o; });
  return packed;
}

// A filter [kh][kw][c][o] as [kh][kw][o][c]: what the input gradient reads in vectors of c.
inline const float* transposeFilter(const ConvShape& s, const float* f) {
  float* transposed = scratchFloats(ScratchSlot::convPartial, s.kh * s.kw * s.c * s.o);
  for (int64_t tap = 0; tap < s.kh * s.kw; tap++)
    for (int64_t c = 0; c < s.c; c++)
      for (int64_t o = 0; o < s.o; o++) transposed[(tap * s.o + o) * s.c + c] = f[(tap * s.c + c) * s.o + o];
  return transposed;
}

}  // namespace ab::lab
