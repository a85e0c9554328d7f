// Which function computes which opcode.
#include "kernels.h"

namespace ab {

void runByOpcode(const Kernel& kernel, const KernelMemory& memory) {
  switch (kernel.op) {
    case Opcode::transpose: return runTranspose(kernel, memory);
    case Opcode::slice: return runSlice(kernel, memory);
    case Opcode::pad: return runPad(kernel, memory);
    case Opcode::concatenate: return runConcatenate(kernel, memory);
    case Opcode::reverse: return runReverse(kernel, memory);
    case Opcode::iota: return runIota(kernel, memory);
    case Opcode::argmax: return runArgmax(kernel, memory);
    case Opcode::dot: return runDot(kernel, memory);
    case Opcode::conv2d: return runConv2d(kernel, memory);
    case Opcode::conv2dInputGrad: return runConv2dInputGrad(kernel, memory);
    case Opcode::conv2dFilterGrad: return runConv2dFilterGrad(kernel, memory);
    case Opcode::windowArgmax: return runWindowArgmax(kernel, memory);
    case Opcode::planeTake: return runPlaneTake(kernel, memory);
    case Opcode::planePut: return runPlanePut(kernel, memory);
    case Opcode::windowSum: return runWindowSum(kernel, memory);
    case Opcode::windowSpread: return runWindowSpread(kernel, memory);
    case Opcode::takeRows: return runTakeRows(kernel, memory);
    case Opcode::addRows: return runAddRows(kernel, memory);
    case Opcode::fused:
    case Opcode::count: break;
  }
}

}  // namespace ab
