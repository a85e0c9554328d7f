// Input channels innermost, over a transposed copy of the filter, [kh][kw][o][c]: a dot product along o becomes a sum of rows of c, in
// vectors. Each multiply-add loads a vector of the filter and one of dx and stores that, and with few channels the next waits for it.
#include "conv/filter.h"

namespace ab::lab::input_grad {
namespace {

void run(const ConvShape& s, const float* dy, const float* f, float* dx) {
  const float* transposed = transposeFilter(s, f);
  for (int64_t n = 0; n < s.n; n++)
    for (int64_t iy = 0; iy < s.h; iy++)
      for (int64_t ix = 0; ix < s.w; ix++) {
        float* __restrict to = dx + ((n * s.h + iy) * s.w + ix) * s.c;
        for (int64_t c = 0; c < s.c; c++) to[c] = 0;
        for (int64_t ky = 0; ky < s.kh; ky++)
          for (int64_t kx = 0; kx < s.kw; kx++) {
            const int64_t y = iy + s.padTop - ky, x = ix + s.padLeft - kx;
            if (y < 0 || x < 0 || y % s.strideH != 0 || x % s.strideW != 0) continue;
            const int64_t oy = y / s.strideH, ox = x / s.strideW;
            if (oy >= s.oh || ox >= s.ow) continue;
            const float* __restrict from = dy + ((n * s.oh + oy) * s.ow + ox) * s.o;
            const float* __restrict taps = transposed + (ky * s.kw + kx) * s.o * s.c;
            for (int64_t o = 0; o < s.o; o++, taps += s.c)
              for (int64_t c = 0; c < s.c; c++) to[c] += from[o] * taps[c];
          }
      }
}

void bound(const ConvShape& s, Napkin& napkin) {
  const double vectors = insideSteps(s) / double(s.c) * double(vectorsOf(s.c));
  napkin.scalarStores(filterSize(s));
  napkin.then();
  napkin.fmas(vectors);
  napkin.loads(2 * vectors, vectors / double(vectorsOf(s.c)));
  napkin.stores(vectors);
  napkin.chainThroughMemory(vectors, double(vectorsOf(s.c)));
  napkin.read(4 * insideSteps(s), napkin.machine().holding(4 * filterSize(s)));
}

}  // namespace

const Rung<ConvShape> channels_innermost{"channels_innermost", "a transposed filter: vectors of input channels", run, bound};

}  // namespace ab::lab::input_grad
