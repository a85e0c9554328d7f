// Images are tasks; every input has one owner, so nothing is added up afterwards.
#include "phases.h"

namespace ab::lab::input_grad {
namespace {

void run(const ConvShape& s, const float* dy, const float* f, float* dx) {
  const Phases split(s, f);
  ThreadPool::instance().parallelFor(s.n, [&](int64_t n, int) { split.image(dy, dx, n); });
}

}  // namespace

const Rung<ConvShape> threads{"threads", "images are tasks", run, phasesBound, true};

}  // namespace ab::lab::input_grad
