// At stride 2 the inputs fall into four phases by the parity of their row and column. Each meets its own taps of the filter only, one, two,
// two and four of a 3 x 3, and is a dense convolution by itself: nine taps for four inputs where there were 36.
#include "phases.h"

namespace ab::lab::input_grad {
namespace {

void run(const ConvShape& s, const float* dy, const float* f, float* dx) {
  const Phases split(s, f);
  for (int64_t n = 0; n < s.n; n++) split.image(dy, dx, n);
}

}  // namespace

const Rung<ConvShape> phases{"phases", "stride 2 as four dense convolutions", run, phasesBound};

}  // namespace ab::lab::input_grad
