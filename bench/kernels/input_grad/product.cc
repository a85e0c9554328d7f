// The product's own kernel, one loop with the forward convolution: phases of any stride and dilation, and what that ladder's last rung says.
#include "phases.h"

namespace ab::lab::input_grad {
namespace {

void run(const ConvShape& s, const float* dy, const float* f, float* dx) { convInputGrad<float>(s, dy, f, dx); }

}  // namespace

const Rung<ConvShape> product{"product", "native/cpu: convInputGrad()", run, phasesBound, true};

}  // namespace ab::lab::input_grad
