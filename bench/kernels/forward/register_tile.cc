// Eight neighbouring pixels x two vectors of channels (one, if there are no more): a vector of the filter now serves eight pixels, and a
// broadcast both vectors. Enough sums to hide the latency even with a single vector of channels, but then a broadcast serves only one
// multiply-add, and nine loads go with eight of those.
#include "image.h"

namespace ab::lab::forward {
namespace {

void run(const ConvShape& s, const float* x, const float* f, float* y) {
  const float* filter = packForward(s, f, panelWidth(s.o));
  for (int64_t n = 0; n < s.n; n++) convolveImage(s, x, filter, y, n, false);
}
void bound(const ConvShape& s, Napkin& napkin) { imagesBound(s, napkin, false); }

}  // namespace

const Rung<ConvShape> register_tile{"register_tile", "8 pixels x 2 vectors of channels in registers", run, bound};

}  // namespace ab::lab::forward
