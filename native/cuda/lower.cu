#include "lower.h"

namespace ab::cuda {

void lower(const Kernel& kernel, Plan& plan) {
  if (kernel.output.shape.size() == 0) return;
  switch (kernel.op) {
    case Opcode::transpose:
    case Opcode::slice:
    case Opcode::pad:
    case Opcode::concatenate:
    case Opcode::reverse: return lowerMovement(kernel, plan);
    case Opcode::iota: return lowerIota(kernel, plan);
    case Opcode::argmax: return lowerArgmax(kernel, plan);
    case Opcode::takeRows: return lowerTakeRows(kernel, plan);
    case Opcode::addRows: return lowerAddRows(kernel, plan);
    case Opcode::windowArgmax:
    case Opcode::windowSum:
    case Opcode::windowSpread: return lowerWindow(kernel, plan);
    case Opcode::planeTake:
    case Opcode::planePut: return lowerPlane(kernel, plan);
    case Opcode::dot:
    case Opcode::conv2d:
    case Opcode::conv2dInputGrad:
    case Opcode::conv2dFilterGrad: break;
    case Opcode::fused:
    case Opcode::count: return;
  }
  // A sum of nothing. From here on no extent is 0, and each fits into 31 bits.
  for (const Operand& input : kernel.inputs)
    if (input.shape.size() == 0) return planZeros(plan, kernel.output);
  if (kernel.op == Opcode::dot) lowerDot(kernel, plan);
  else lowerConvolution(kernel, plan);
}

}  // namespace ab::cuda
