// What the tests of convolutions share: shapes, and naive loops.
#pragma once

#include <cstdio>
#include <string>

#include "cpu/conv.h"

namespace ab::test {

inline std::string describe(const char* what, const ConvShape& s, const char* type) {
  char text[260];
  std::snprintf(text, sizeof text, "%s %s n=%ld %ldx%ldx%ld k=%ldx%ld o=%ld out=%ldx%ld stride=%ld,%ld pad=%ld,%ld dil=%ld,%ld groups=%ld",
                what, type, long(s.n), long(s.h), long(s.w), long(s.c), long(s.kh), long(s.kw), long(s.o), long(s.oh), long(s.ow),
                long(s.strideH), long(s.strideW), long(s.padTop), long(s.padLeft), long(s.dilH), long(s.dilW), long(s.groups));
  return text;
}

// All three at once: y gains x * filter, dx gains dy * filter, df gains x * dy.
template <class T>
void naive(const ConvShape& s, const T* x, const T* filter, const T* dy, T* y, T* dx, T* df) {
  const int64_t cg = s.c / s.groups, og = s.o / s.groups;
  for (int64_t n = 0; n < s.n; n++)
    for (int64_t oy = 0; oy < s.oh; oy++)
      for (int64_t ox = 0; ox < s.ow; ox++)
        for (int64_t ky = 0; ky < s.kh; ky++)
          for (int64_t kx = 0; kx < s.kw; kx++) {
            const int64_t iy = oy * s.strideH + ky * s.dilH - s.padTop, ix = ox * s.strideW + kx * s.dilW - s.padLeft;
            if (iy < 0 || iy >= s.h || ix < 0 || ix >= s.w) continue;
            for (int64_t group = 0; group < s.groups; group++) {
              const int64_t atY = ((n * s.oh + oy) * s.ow + ox) * s.o + group * og;
              for (int64_t c = 0; c < cg; c++) {
                const int64_t atX = ((n * s.h + iy) * s.w + ix) * s.c + group * cg + c;
                const int64_t atF = ((ky * s.kw + kx) * cg + c) * s.o + group * og;
                T sum = 0;
                for (int64_t o = 0; o < og; o++) {
                  y[atY + o] += x[atX] * filter[atF + o];
                  df[atF + o] += x[atX] * dy[atY + o];
                  sum += dy[atY + o] * filter[atF + o];
                }
                dx[atX] += sum;
              }
            }
          }
}

// Output size for padding `low` before and `high` after.
inline int64_t outputSize(int64_t in, int64_t k, int64_t stride, int64_t dil, int64_t low, int64_t high) {
  const int64_t room = in + low + high - ((k - 1) * dil + 1);
  return room < 0 ? 0 : room / stride + 1;
}

// Padding before and after, of either axis.
struct Padding {
  int64_t top, bottom, left, right;
};

inline ConvShape shaped(int64_t n, int64_t h, int64_t w, int64_t c, int64_t k, int64_t o, int64_t stride, const Padding& pad, int64_t dil = 1,
                 int64_t groups = 1) {
  return {n,      h,      w,       c,        k,   k,   o,     outputSize(h, k, stride, dil, pad.top, pad.bottom),
          outputSize(w, k, stride, dil, pad.left, pad.right), stride, stride, pad.top, pad.left, dil, dil, groups};
}
inline ConvShape square(int64_t n, int64_t hw, int64_t c, int64_t k, int64_t o, int64_t stride, int64_t pad, int64_t dil = 1,
                 int64_t groups = 1) {
  return shaped(n, hw, hw, c, k, o, stride, {pad, pad, pad, pad}, dil, groups);
}

}  // namespace ab::test
