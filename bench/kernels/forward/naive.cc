// Seven loops, an output at a time: a dot product over the filter's window and its channels. As in the naive matrix product it is one
// chain of multiply-adds, here with a filter that is read in strides of its output channels and a test of the border for every tap.
#include "conv/counts.h"

namespace ab::lab::forward {
namespace {

void run(const ConvShape& s, const float* x, const float* f, float* y) {
  for (int64_t n = 0; n < s.n; n++)
    for (int64_t oy = 0; oy < s.oh; oy++)
      for (int64_t ox = 0; ox < s.ow; ox++)
        for (int64_t o = 0; o < s.o; o++) {
          float sum = 0;
          for (int64_t ky = 0; ky < s.kh; ky++)
            for (int64_t kx = 0; kx < s.kw; kx++) {
              const int64_t iy = oy * s.strideH + ky - s.padTop, ix = ox * s.strideW + kx - s.padLeft;
              if (iy < 0 || iy >= s.h || ix < 0 || ix >= s.w) continue;
              const float* from = x + ((n * s.h + iy) * s.w + ix) * s.c;
              const float* taps = f + (ky * s.kw + kx) * s.c * s.o + o;
              for (int64_t c = 0; c < s.c; c++) sum += from[c] * taps[c * s.o];
            }
          y[((n * s.oh + oy) * s.ow + ox) * s.o + o] = sum;
        }
}

void bound(const ConvShape& s, Napkin& napkin) { napkin.chain(insideSteps(s), double(s.kh * s.kw * s.c)); }

}  // namespace

const Rung<ConvShape> naive{"naive", "seven loops, an output at a time", run, bound};

}  // namespace ab::lab::forward
