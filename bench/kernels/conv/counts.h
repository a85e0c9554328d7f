// Counts that the napkins of convolutions share.
#pragma once

#include "rung.h"

namespace ab::lab {

inline int64_t vectorsOf(int64_t channels) { return (channels + W - 1) / W; }

// Multiply-adds, those with the border included.
inline double steps(const ConvShape& s) { return double(s.n * s.oh * s.ow) * double(s.kh * s.kw) * double(s.c * s.o); }
// Elements of x, y and the filter.
inline double xSize(const ConvShape& s) { return double(s.n * s.h * s.w * s.c); }
inline double ySize(const ConvShape& s) { return double(s.n * s.oh * s.ow * s.o); }
inline double filterSize(const ConvShape& s) { return double(s.kh * s.kw * s.c * s.o); }

}  // namespace ab::lab
