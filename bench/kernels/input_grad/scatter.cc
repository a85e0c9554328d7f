// The forward loops turned around: each output gradient adds to the inputs that its window read. Over the output channels it is a dot
// product, one chain of multiply-adds, and every input is loaded and stored once for each tap.
#include <algorithm>

#include "conv/counts.h"

namespace ab::lab::input_grad {
namespace {

void run(const ConvShape& s, const float* dy, const float* f, float* dx) {
  std::fill_n(dx, s.n * s.h * s.w * s.c, 0.0f);
  for (int64_t n = 0; n < s.n; n++)
    for (int64_t oy = 0; oy < s.oh; oy++)
      for (int64_t ox = 0; ox < s.ow; ox++) {
        const float* from = dy + ((n * s.oh + oy) * s.ow + ox) * s.o;
        for (int64_t ky = 0; ky < s.kh; ky++)
          for (int64_t kx = 0; kx < s.kw; kx++) {
            const int64_t iy = oy * s.strideH + ky - s.padTop, ix = ox * s.strideW + kx - s.padLeft;
            if (iy < 0 || iy >= s.h || ix < 0 || ix >= s.w) continue;
            float* to = dx + ((n * s.h + iy) * s.w + ix) * s.c;
            const float* taps = f + (ky * s.kw + kx) * s.c * s.o;
            for (int64_t c = 0; c < s.c; c++) {
              float sum = 0;
              for (int64_t o = 0; o < s.o; o++) sum += from[o] * taps[c * s.o + o];
              to[c] += sum;
            }
          }
      }
}

void bound(const ConvShape& s, Napkin& napkin) { napkin.chain(insideSteps(s), double(s.o)); }

}  // namespace

const Rung<ConvShape> scatter{"scatter", "every output gradient adds to the inputs it came from", run, bound};

}  // namespace ab::lab::input_grad
