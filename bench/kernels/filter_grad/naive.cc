// One weight at a time: a dot product over all pixels of all images. The chain is the longest of the three convolutions, and both
// operands are read in strides of their channels, a cache line for every number.
#include "conv/counts.h"

namespace ab::lab::filter_grad {
namespace {

void run(const ConvShape& s, const float* x, const float* dy, float* df) {
  for (int64_t ky = 0; ky < s.kh; ky++)
    for (int64_t kx = 0; kx < s.kw; kx++)
      for (int64_t c = 0; c < s.c; c++)
        for (int64_t o = 0; o < s.o; o++) {
          float sum = 0;
          for (int64_t n = 0; n < s.n; n++)
            for (int64_t oy = 0; oy < s.oh; oy++)
              for (int64_t ox = 0; ox < s.ow; ox++) {
                const int64_t iy = oy * s.strideH + ky - s.padTop, ix = ox * s.strideW + kx - s.padLeft;
                if (iy < 0 || iy >= s.h || ix < 0 || ix >= s.w) continue;
                sum += x[((n * s.h + iy) * s.w + ix) * s.c + c] * dy[((n * s.oh + oy) * s.ow + ox) * s.o + o];
              }
          df[((ky * s.kw + kx) * s.c + c) * s.o + o] = sum;
        }
}

void bound(const ConvShape& s, Napkin& napkin) {
  napkin.chain(insideSteps(s), double(s.n * s.oh * s.ow));
  // A line of x and one of dy for each pixel, from wherever both tensors fit.
  napkin.read(128 * insideSteps(s), napkin.machine().holding(4 * (xSize(s) + ySize(s))));
}

}  // namespace

const Rung<ConvShape> naive{"naive", "a weight at a time", run, bound};

}  // namespace ab::lab::filter_grad
