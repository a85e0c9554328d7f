#include "movement.cuh"

#include "cpu/strided_copy.h"
#include "lower.h"

namespace ab::cuda {
namespace {

// The kernels move bytes: a type of the same size does.
template <class F>
void withSize(DType dtype, F&& fn) {
  switch (bytesOf(dtype)) {
    case 1: return fn(uint8_t{});
    case 4: return fn(uint32_t{});
    default: return fn(uint64_t{});
  }
}

Views viewsOf(const StridedCopy& copy, const Kernel& kernel) {
  Views views;
  views.rank = copy.extents.rank;
  views.size = static_cast<uint32_t>(copy.extents.size());
  for (int i = 0; i < views.rank; i++) {
    views.extents[i] = Divisor(copy.extents[i]);
    views.to[i] = static_cast<int>(copy.to[i]);
    views.from[i] = static_cast<int>(copy.from[i]);
  }
  views.toOffset = static_cast<int>(copy.toOffset);
  views.fromOffset = static_cast<int>(copy.fromOffset);
  views.toBuffer = kernel.output.buffer;
  views.fromBuffer = kernel.inputs[copy.input].buffer;
  return views;
}

void removeAxis(StridedCopy& copy, int axis) {
  for (int i = axis; i + 1 < copy.extents.rank; i++) {
    copy.extents[i] = copy.extents[i + 1];
    copy.to[i] = copy.to[i + 1];
    copy.from[i] = copy.from[i + 1];
  }
  copy.extents.rank--;
}

// Whether source and result run across each other; then the copy goes by squares.
bool planTurn(Plan& plan, StridedCopy copy, const Kernel& kernel) {
  const int last = copy.extents.rank - 1;
  int across = -1;
  for (int i = 0; i < last; i++)
    if (copy.from[i] == 1 && copy.extents[i] >= 8) across = i;
  if (across < 0 || copy.to[last] != 1 || copy.from[last] <= 1 || copy.extents[last] < 8) return false;
  Turn turn;
  turn.rows = static_cast<int>(copy.extents[across]);
  turn.columns = static_cast<int>(copy.extents[last]);
  turn.toStep = static_cast<int>(copy.to[across]);
  turn.fromStep = static_cast<int>(copy.from[last]);
  turn.squaresDown = static_cast<int>(upTo(turn.rows, kSquare));
  turn.squaresAcross = static_cast<int>(upTo(turn.columns, kSquare));
  removeAxis(copy, last);
  removeAxis(copy, across);
  turn.outer = viewsOf(copy, kernel);
  const int64_t blocks = int64_t{turn.squaresDown} * turn.squaresAcross * turn.outer.size;
  withSize(kernel.output.dtype, [&](auto zero) { plan.launch(blocks, 1, kSquare * kSquareRows, copyTurned<decltype(zero)>, turn); });
  return true;
}

void planCopy(Plan& plan, const StridedCopy& copy, const Kernel& kernel) {
  if (copy.extents.size() == 0) return;
  const StridedCopy simple = normalized(copy);
  if (planTurn(plan, simple, kernel)) return;
  const Views views = viewsOf(simple, kernel);
  withSize(kernel.output.dtype, [&](auto zero) { plan.launch(upTo(views.size, 256), 1, 256, copyViews<decltype(zero)>, views); });
}

}  // namespace

void planZeros(Plan& plan, const Operand& operand) {
  const auto size = static_cast<uint32_t>(operand.shape.size());
  withSize(operand.dtype, [&](auto zero) { plan.launch(upTo(size, 256), 1, 256, fillZeros<decltype(zero)>, operand.buffer, size); });
}

void lowerMovement(const Kernel& kernel, Plan& plan) {
  switch (kernel.op) {
    case Opcode::transpose: return planCopy(plan, transposeCopy(kernel), kernel);
    case Opcode::slice: return planCopy(plan, sliceCopy(kernel), kernel);
    case Opcode::reverse: return planCopy(plan, reverseCopy(kernel), kernel);
    case Opcode::pad:
      planZeros(plan, kernel.output);
      return planCopy(plan, padCopy(kernel), kernel);
    default: break;
  }
  int64_t start = 0;
  for (size_t i = 0; i < kernel.inputs.size(); i++) {
    planCopy(plan, concatenateCopy(kernel, i, start), kernel);
    start += kernel.inputs[i].shape[static_cast<int>(kernel.params[0])];
  }
}

}  // namespace ab::cuda
