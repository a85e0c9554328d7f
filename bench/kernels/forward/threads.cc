// Images are tasks. Each output is summed by one of them, in an order that no number of threads changes.
#include "image.h"

namespace ab::lab::forward {
namespace {

void run(const ConvShape& s, const float* x, const float* f, float* y) {
  const float* filter = packForward(s, f, panelWidth(s.o));
  ThreadPool::instance().parallelFor(s.n, [&](int64_t n, int) { convolveImage(s, x, filter, y, n, true); });
}
void bound(const ConvShape& s, Napkin& napkin) { imagesBound(s, napkin, true); }

}  // namespace

const Rung<ConvShape> threads{"threads", "images are tasks", run, bound, true};

}  // namespace ab::lab::forward
