// Output channels innermost: NHWC and HWIO put them side by side in y and in the filter, so a pixel's channels gain a multiple of a filter
// row, and the compiler makes vectors of it. Each multiply-add loads a vector of the filter and one of y and stores that; and with few
// channels the next one waits for that store.
#include "conv/counts.h"

namespace ab::lab::forward {
namespace {

void run(const ConvShape& s, const float* x, const float* f, float* y) {
  for (int64_t n = 0; n < s.n; n++)
    for (int64_t oy = 0; oy < s.oh; oy++)
      for (int64_t ox = 0; ox < s.ow; ox++) {
        float* __restrict to = y + ((n * s.oh + oy) * s.ow + ox) * s.o;
        for (int64_t o = 0; o < s.o; o++) to[o] = 0;
        for (int64_t ky = 0; ky < s.kh; ky++)
          for (int64_t kx = 0; kx < s.kw; kx++) {
            const int64_t iy = oy * s.strideH + ky - s.padTop, ix = ox * s.strideW + kx - s.padLeft;
            if (iy < 0 || iy >= s.h || ix < 0 || ix >= s.w) continue;
            const float* __restrict from = x + ((n * s.h + iy) * s.w + ix) * s.c;
            const float* __restrict taps = f + (ky * s.kw + kx) * s.c * s.o;
            for (int64_t c = 0; c < s.c; c++, taps += s.o)
              for (int64_t o = 0; o < s.o; o++) to[o] += from[c] * taps[o];
          }
      }
}

void bound(const ConvShape& s, Napkin& napkin) {
  const double vectors = insideSteps(s) / double(s.o) * double(vectorsOf(s.o));
  napkin.fmas(vectors);
  napkin.loads(2 * vectors, vectors / double(vectorsOf(s.o)));
  napkin.stores(vectors);
  napkin.chainThroughMemory(vectors, double(vectorsOf(s.o)));
  napkin.read(4 * insideSteps(s), napkin.machine().holding(4 * filterSize(s)));
}

}  // namespace

const Rung<ConvShape> channels_innermost{"channels_innermost", "output channels innermost: the compiler's vectors", run, bound};

}  // namespace ab::lab::forward
