// Counts that the napkins of convolutions share.
#pragma once

#include "rung.h"

namespace ab::lab {

inline int64_t vectorsOf(int64_t channels) { return (channels + W - 1) / W; }

// Multiply-adds, those with the border included.
inline double steps(const ConvShape& s) { return double(s.n * s.oh * s.ow) * double(s.kh * s.kw) * double(s.c * s.o); }
// Those whose tap lies inside the image: what a loop that tests for the border does.
inline double insideSteps(const ConvShape& s) {
  const auto inside = [](int64_t outputs, int64_t taps, int64_t stride, int64_t pad, int64_t size) {
    int64_t count = 0;
    for (int64_t i = 0; i < outputs; i++)
      for (int64_t tap = 0; tap < taps; tap++) count += i * stride + tap >= pad && i * stride + tap < pad + size;
    return double(count);
  };
  return inside(s.oh, s.kh, s.strideH, s.padTop, s.h) * inside(s.ow, s.kw, s.strideW, s.padLeft, s.w) * double(s.n * s.c * s.o);
}
// Elements of x, y and the filter.
inline double xSize(const ConvShape& s) { return double(s.n * s.h * s.w * s.c); }
inline double ySize(const ConvShape& s) { return double(s.n * s.oh * s.ow * s.o); }
inline double filterSize(const ConvShape& s) { return double(s.kh * s.kw * s.c * s.o); }

}  // namespace ab::lab
