// From instructions of a tape to launches of kernels. The decoder has checked what is lowered; sizes beyond what the kernels count in throw CudaError.
#pragma once

#include "cpu/tape.h"
#include "plan.h"

namespace ab::cuda {

void lower(const Fused& group, Plan& plan);
// Any kernel; one without results needs no launch.
void lower(const Kernel& kernel, Plan& plan);

// By kind; results are not empty.
void lowerMovement(const Kernel& kernel, Plan& plan);
void lowerIota(const Kernel& kernel, Plan& plan);
void lowerArgmax(const Kernel& kernel, Plan& plan);
void lowerTakeRows(const Kernel& kernel, Plan& plan);
void lowerAddRows(const Kernel& kernel, Plan& plan);
void lowerDot(const Kernel& kernel, Plan& plan);
void lowerConvolution(const Kernel& kernel, Plan& plan);
void lowerWindow(const Kernel& kernel, Plan& plan);
void lowerPlane(const Kernel& kernel, Plan& plan);
void planZeros(Plan& plan, const Operand& operand);

}  // namespace ab::cuda
