// The patches of im2col once more: their transpose times dy is the filter's gradient, one matrix product for each image, and the sums
// add up in C.
#include "conv/patches.h"
#include "cpu/gemm.h"

namespace ab::lab::filter_grad {
namespace {

void run(const ConvShape& s, const float* x, const float* dy, float* df) {
  const int64_t pixels = s.oh * s.ow, taps = s.kh * s.kw * s.c;
  float* patches = scratchFloats(ScratchSlot::convSource, patchesSize(s));
  for (int64_t n = 0; n < s.n; n++) {
    copyPatches(s, x + n * s.h * s.w * s.c, patches);
    ab::gemm(GemmArgs<float>{.m = taps, .n = s.o, .k = pixels, .a = patches, .lda = taps, .transA = true, .b = dy + n * pixels * s.o,
                             .ldb = s.o, .c = df, .ldc = s.o, .accumulate = n > 0});
  }
}

}  // namespace

const Rung<ConvShape> im2col{"im2col", "windows written out: a matrix product", run, patchesBound};

}  // namespace ab::lab::filter_grad
