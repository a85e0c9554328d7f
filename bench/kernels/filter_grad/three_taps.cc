// With a single vector of output channels a broadcast input meets the gradients of the three pixels that see it: 11 loads for 24
// multiply-adds instead of 15 for 14.
#include "image.h"

namespace ab::lab::filter_grad {
namespace {

void run(const ConvShape& s, const float* x, const float* dy, float* df) {
  for (int64_t n = 0; n < s.n; n++) addImage(s, x, dy, df, n, n == 0, bandRows(s), true);
}
void bound(const ConvShape& s, Napkin& napkin) { imagesBound(s, napkin, bandRows(s), true); }

}  // namespace

const Rung<ConvShape> three_taps{"three_taps", "one vector of channels: a broadcast meets three taps", run, bound};

}  // namespace ab::lab::filter_grad
