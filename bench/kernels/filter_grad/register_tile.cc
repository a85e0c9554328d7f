// Fourteen weights of a filter row x two vectors of channels stay in registers while the pixels of a row go by: 16 loads for 28
// multiply-adds. After each row the sums are added to the filter, 28 loads and stores that 8 to 32 pixels have to pay for.
#include "image.h"

namespace ab::lab::filter_grad {
namespace {

void run(const ConvShape& s, const float* x, const float* dy, float* df) {
  for (int64_t n = 0; n < s.n; n++) addImage(s, x, dy, df, n, n == 0, 1, false);
}
void bound(const ConvShape& s, Napkin& napkin) { imagesBound(s, napkin, 1, false); }

}  // namespace

const Rung<ConvShape> register_tile{"register_tile", "14 weights x 2 vectors in registers along a row", run, bound};

}  // namespace ab::lab::filter_grad
