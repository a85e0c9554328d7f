// Loops over memory inside a sweep: steps on integers and bools, elementary functions and conversions, and folds.
#pragma once

#include <cstdint>

#include "tape.h"

namespace ab {

// to[i] = op(a[i], b[i], c[i]); `to` may be the same memory as a source of equal element size.
using StepFunction = void (*)(int64_t n, void* to, const void* a, const void* b, const void* c);

// For the instruction set in use, of the steps that no stage of a chain is made for. `from` is the dtype of the last source.
StepFunction stepFunction(StepOp op, DType to, DType from);

// Rough cost of a step against an addition.
int64_t workOf(StepOp op);

// How a fold accumulates. A slot holds a partial result in 8 bytes: double for floats, int64 for integers.
struct FoldFunctions {
  // tile[i] = identity; tile[i] op= values[i], in the dtype itself.
  void (*startTile)(int64_t n, void* tile);
  void (*addTile)(int64_t n, void* tile, const void* values);
  void (*startSlots)(int64_t n, void* slots);
  // slots[r * step] op= fold of values[r * length ...]; slots[r * step + i] op= values[r * length + i].
  void (*addRuns)(int64_t runs, int64_t length, const void* values, void* slots, int64_t step);
  void (*addLanes)(int64_t runs, int64_t length, const void* values, void* slots, int64_t step);
  void (*merge)(int64_t n, void* slots, const void* others);
  void (*finish)(int64_t n, void* result, const void* slots);
};

FoldFunctions foldFunctions(FoldOp op, DType dtype);

}  // namespace ab
