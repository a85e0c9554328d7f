// The sums stay for a band of rows, as many as leave source and gradient in the first-level cache, since all tiles read them again.
#include "image.h"

namespace ab::lab::filter_grad {
namespace {

void run(const ConvShape& s, const float* x, const float* dy, float* df) {
  for (int64_t n = 0; n < s.n; n++) addImage(s, x, dy, df, n, n == 0, bandRows(s), false);
}
void bound(const ConvShape& s, Napkin& napkin) { imagesBound(s, napkin, bandRows(s), false); }

}  // namespace

const Rung<ConvShape> bands{"bands", "sums stay in registers for a band of rows", run, bound};

}  // namespace ab::lab::filter_grad
