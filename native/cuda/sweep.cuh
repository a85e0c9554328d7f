// Sweeps: elementwise steps and folds over one iteration space, interpreted. Every thread runs the same list of steps on elements of its own, its
// values in registers that a step names; what a step is, all threads of a warp read at once.
//
// The axes of the space are those that results keep, and those that are folded away. `lanes` threads share a result; each adds up every lanes-th
// element in order, and a tree of fixed shape joins them. Where there are few results, their elements are divided into parts, one for each block
// in the second direction, which a second kernel joins in order. So no sum depends on chance.
#pragma once

#include "divisor.h"
#include "steps.cuh"

namespace ab::cuda {

constexpr int kThreads = 256;
constexpr int kMostFolds = 4;  // of one pass over memory
constexpr int kSpaceAxes = 8;

// Reads an operand into a register, or writes one to a result.
struct Move {
  int32_t place = 0;  // the register
  int32_t buffer = 0;
  DType dtype = DType::f32;
  int32_t strides[kSpaceAxes] = {};
};

struct Constant {
  int64_t bits = 0;
  int64_t place = 0;
};

// In 16 bytes, which a thread reads at once.
struct alignas(16) StepCode {
  uint8_t op = 0;    // a StepOp
  uint8_t from = 0;  // the DType of the first source
  uint8_t to = 0;    // of the target
  int16_t target = 0;
  int16_t sources[3] = {};
};

struct FoldCode {
  FoldOp op = FoldOp::sum;
  DType dtype = DType::f32;
  int32_t place = 0;
  int32_t buffer = 0;
};

// Lists of these lie one after the other in the buffer of constants, from `code` on.
struct SweepCode {
  int buffer = 0;
  int constants = 0, loads = 0, steps = 0, stores = 0;  // how many
  int64_t constantsAt = 0, loadsAt = 0, stepsAt = 0, storesAt = 0;
};

struct SweepShape {
  int rank = 0;      // kept axes first
  int kept = 0;
  Divisor extents[kSpaceAxes];
  uint32_t results = 1;
  uint32_t reduced = 1;  // elements of a result
  uint32_t part = 1;     // of them, those of one block
  int parts = 1;
  int lanes = 1;         // a power of 2
  bool lanesInner = false;  // whether neighbouring threads share a result or have results of their own
};

struct SweepFolds {
  int count = 0;
  FoldCode codes[kMostFolds];
  int partials = -1;  // the buffer of parts, where there are several
};

template <class T>
__device__ __forceinline__ const T* listAt(void* const* table, int buffer, int64_t offset) {
  return reinterpret_cast<const T*>(bufferAt<const char>(table, buffer) + offset);
}

// Writes a fold's result.
__device__ inline void finishFold(const FoldCode& fold, Value value, uint32_t at, void* const* table) {
  switch (fold.dtype) {
    case DType::f32: return store(bufferAt<float>(table, fold.buffer) + at, static_cast<float>(value.f64));
    case DType::f64: return store(bufferAt<double>(table, fold.buffer) + at, value.f64);
    case DType::i32: return store(bufferAt<int32_t>(table, fold.buffer) + at, static_cast<int32_t>(value.wide));
    case DType::boolean:
    case DType::u8: return store(bufferAt<uint8_t>(table, fold.buffer) + at, static_cast<uint8_t>(value.wide));
  }
}

__device__ inline Value runStep(const StepCode& step, const Value* registers) {
  const Value a = registers[step.sources[0]], b = registers[step.sources[1]];
  const auto op = static_cast<StepOp>(step.op);
  const auto from = static_cast<DType>(step.from);
  if (op == StepOp::select) return a.u8 != 0 ? b : registers[step.sources[2]];
  if (op == StepOp::convert) return onType(from, [&](auto zero) { return convertFrom(static_cast<DType>(step.to), get<decltype(zero)>(a)); });
  return onType(from, [&](auto zero) { return stepOn(op, get<decltype(zero)>(a), get<decltype(zero)>(b)); });
}

template <int kRegisters>
__global__ void __launch_bounds__(kThreads) sweep(SweepShape shape, SweepCode code, SweepFolds folds, void* const* table) {
  AB_SHARED(Value, partial, kThreads);
  const int results = kThreads / shape.lanes;
  const int thread = static_cast<int>(threadIdx.x);
  const int lane = shape.lanesInner ? thread % shape.lanes : thread / results;
  const uint32_t result = blockIdx.x * static_cast<uint32_t>(results) + static_cast<uint32_t>(shape.lanesInner ? thread / shape.lanes : thread % results);
  const uint32_t begin = blockIdx.z * shape.part;
  const uint32_t end = begin + shape.part < shape.reduced ? begin + shape.part : shape.reduced;

  Value registers[kRegisters];
  Value sums[kMostFolds];
  for (int f = 0; f < folds.count; f++) sums[f] = startOf(folds.codes[f].op, folds.codes[f].dtype);

  if (result < shape.results) {
    const Constant* const constants = listAt<Constant>(table, code.buffer, code.constantsAt);
    const Move* const loads = listAt<Move>(table, code.buffer, code.loadsAt);
    const StepCode* const steps = listAt<StepCode>(table, code.buffer, code.stepsAt);
    const Move* const stores = listAt<Move>(table, code.buffer, code.storesAt);
    for (int i = 0; i < code.constants; i++) registers[load(&constants[i].place)].wide = load(&constants[i].bits);
    int32_t at[kSpaceAxes];
    uint32_t rest = result;
    for (int a = shape.kept - 1; a >= 0; a--) at[a] = static_cast<int32_t>(shape.extents[a].split(rest));
    const auto offsetOf = [&](const Move& move) {
      int32_t offset = 0;
      for (int a = 0; a < shape.rank; a++) offset += at[a] * load(&move.strides[a]);
      return offset;
    };
    for (uint32_t r = begin + static_cast<uint32_t>(lane); r < end; r += static_cast<uint32_t>(shape.lanes)) {
      rest = r;
      for (int a = shape.rank - 1; a >= shape.kept; a--) at[a] = static_cast<int32_t>(shape.extents[a].split(rest));
      for (int i = 0; i < code.loads; i++) {
        const int32_t offset = offsetOf(loads[i]);
        const int buffer = load(&loads[i].buffer);
        registers[load(&loads[i].place)] =
            onType(load(&loads[i].dtype), [&](auto zero) { return valueOf(load(bufferAt<const decltype(zero)>(table, buffer) + offset)); });
      }
      for (int i = 0; i < code.steps; i++) {
        const StepCode step = load(steps + i);
        registers[step.target] = runStep(step, registers);
      }
      for (int i = 0; i < code.stores; i++) {
        const int32_t offset = offsetOf(stores[i]);
        const int buffer = load(&stores[i].buffer);
        const Value value = registers[load(&stores[i].place)];
        onType(load(&stores[i].dtype), [&](auto zero) { store(bufferAt<decltype(zero)>(table, buffer) + offset, get<decltype(zero)>(value)); });
      }
      for (int f = 0; f < folds.count; f++) {
        const FoldCode& fold = folds.codes[f];
        const Value value = registers[fold.place];
        Value wide;
        if (isFloat(fold.dtype)) wide.f64 = fold.dtype == DType::f32 ? static_cast<double>(value.f32) : value.f64;
        else wide.wide = fold.dtype == DType::i32 ? value.i32 : value.u8;
        sums[f] = combined(fold.op, fold.dtype, sums[f], wide);
      }
    }
  }

  for (int f = 0; f < folds.count; f++) {
    const FoldCode& fold = folds.codes[f];
    Value sum = sums[f];
    if (shape.lanes > 1) {
      store(partial + thread, sum);
      __syncthreads();
      // The other lane of the same result.
      const int across = shape.lanesInner ? 1 : results;
      for (int step = shape.lanes / 2; step > 0; step /= 2) {
        if (lane < step) {
          sum = combined(fold.op, fold.dtype, sum, load(partial + thread + step * across));
          store(partial + thread, sum);
        }
        __syncthreads();
      }
    }
    if (lane != 0 || result >= shape.results) continue;
    if (shape.parts == 1) finishFold(fold, sum, result, table);
    else store(bufferAt<Value>(table, folds.partials) + (static_cast<int64_t>(f) * shape.parts + blockIdx.z) * shape.results + result, sum);
  }
}

// Joins the parts of each result, in order.
static __global__ void __launch_bounds__(kThreads) joinParts(uint32_t results, int parts, SweepFolds folds, void* const* table) {
  const uint32_t result = blockIdx.x * kThreads + threadIdx.x;
  if (result >= results) return;
  const FoldCode fold = folds.codes[blockIdx.z];
  const Value* const from = bufferAt<const Value>(table, folds.partials) + static_cast<int64_t>(blockIdx.z) * parts * results + result;
  Value sum = load(from);
  for (int p = 1; p < parts; p++) sum = combined(fold.op, fold.dtype, sum, load(from + static_cast<int64_t>(p) * results));
  finishFold(fold, sum, result, table);
}

}  // namespace ab::cuda
