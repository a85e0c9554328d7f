// A pixel at a time: the inputs of its window times its output gradients, an outer product, is added to the whole filter. Vectors of
// output channels, everything read in order; each multiply-add loads and stores a vector of the sums.
#include <algorithm>

#include "conv/counts.h"

namespace ab::lab::filter_grad {
namespace {

void run(const ConvShape& s, const float* x, const float* dy, float* df) {
  std::fill_n(df, s.kh * s.kw * s.c * s.o, 0.0f);
  for (int64_t n = 0; n < s.n; n++)
    for (int64_t oy = 0; oy < s.oh; oy++)
      for (int64_t ox = 0; ox < s.ow; ox++) {
        const float* __restrict gradient = dy + ((n * s.oh + oy) * s.ow + ox) * s.o;
        for (int64_t ky = 0; ky < s.kh; ky++)
          for (int64_t kx = 0; kx < s.kw; kx++) {
            const int64_t iy = oy * s.strideH + ky - s.padTop, ix = ox * s.strideW + kx - s.padLeft;
            if (iy < 0 || iy >= s.h || ix < 0 || ix >= s.w) continue;
            const float* __restrict from = x + ((n * s.h + iy) * s.w + ix) * s.c;
            float* __restrict sums = df + (ky * s.kw + kx) * s.c * s.o;
            for (int64_t c = 0; c < s.c; c++, sums += s.o)
              for (int64_t o = 0; o < s.o; o++) sums[o] += from[c] * gradient[o];
          }
      }
}

void bound(const ConvShape& s, Napkin& napkin) {
  const double vectors = insideSteps(s) / double(s.o) * double(vectorsOf(s.o));
  napkin.fmas(vectors);
  napkin.loads(2 * vectors, vectors / double(vectorsOf(s.o)));
  napkin.stores(vectors);
  napkin.read(4 * insideSteps(s), napkin.machine().holding(4 * filterSize(s)));
}

}  // namespace

const Rung<ConvShape> outer_products{"outer_products", "a pixel's outer product added to the filter", run, bound};

}  // namespace ab::lab::filter_grad
