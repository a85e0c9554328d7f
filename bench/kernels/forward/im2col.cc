// Every window written out as a row: then the convolution is a matrix product, pixels x taps times taps x channels, and all of the other
// ladder comes along. The price is memory: a 3 x 3 window writes each input nine times and reads it back.
#include "conv/patches.h"
#include "cpu/gemm.h"

namespace ab::lab::forward {
namespace {

void run(const ConvShape& s, const float* x, const float* f, float* y) {
  const int64_t pixels = s.oh * s.ow, depth = s.kh * s.kw * s.c;
  float* patches = scratchFloats(ScratchSlot::convSource, patchesSize(s));
  for (int64_t n = 0; n < s.n; n++) {
    copyPatches(s, x + n * s.h * s.w * s.c, patches);
    ab::gemm(GemmArgs<float>{.m = pixels, .n = s.o, .k = depth, .a = patches, .lda = depth, .b = f, .ldb = s.o, .c = y + n * pixels * s.o,
                             .ldc = s.o});
  }
}

}  // namespace

const Rung<ConvShape> im2col{"im2col", "windows written out: a matrix product", run, patchesBound};

}  // namespace ab::lab::forward
