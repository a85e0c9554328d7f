// Each input looks for the outputs that read it: row iy met tap ky in output row (iy + pad - ky) / stride, if that is whole. Nothing is
// gained yet, for the chain is the same and only longer. But an input is now written once, by one owner, which everything after this
// needs: it can stay in a register, and threads do not meet.
#include "conv/counts.h"

namespace ab::lab::input_grad {
namespace {

void run(const ConvShape& s, const float* dy, const float* f, float* dx) {
  for (int64_t n = 0; n < s.n; n++)
    for (int64_t iy = 0; iy < s.h; iy++)
      for (int64_t ix = 0; ix < s.w; ix++)
        for (int64_t c = 0; c < s.c; c++) {
          float sum = 0;
          for (int64_t ky = 0; ky < s.kh; ky++)
            for (int64_t kx = 0; kx < s.kw; kx++) {
              const int64_t y = iy + s.padTop - ky, x = ix + s.padLeft - kx;
              if (y < 0 || x < 0 || y % s.strideH != 0 || x % s.strideW != 0) continue;
              const int64_t oy = y / s.strideH, ox = x / s.strideW;
              if (oy >= s.oh || ox >= s.ow) continue;
              const float* from = dy + ((n * s.oh + oy) * s.ow + ox) * s.o;
              const float* taps = f + ((ky * s.kw + kx) * s.c + c) * s.o;
              for (int64_t o = 0; o < s.o; o++) sum += from[o] * taps[o];
            }
          dx[((n * s.h + iy) * s.w + ix) * s.c + c] = sum;
        }
}

void bound(const ConvShape& s, Napkin& napkin) { napkin.chain(insideSteps(s), double(s.kh * s.kw * s.o) / double(s.strideH * s.strideW)); }

}  // namespace

const Rung<ConvShape> gather{"gather", "every input collects its sum", run, bound};

}  // namespace ab::lab::input_grad
