// Tensors of any dtype as lists of doubles, which hold every number these tests use, and running one kernel on them.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "check.h"
#include "cpu/kernels.h"

namespace ab::test {

inline Extents extentsOf(const std::vector<int64_t>& list) {
  Extents e;
  e.rank = static_cast<int>(list.size());
  for (int i = 0; i < e.rank; i++) e[i] = list[static_cast<size_t>(i)];
  return e;
}

inline Extents rowMajor(const Extents& shape) {
  Extents strides;
  strides.rank = shape.rank;
  int64_t step = 1;
  for (int i = shape.rank - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

// The position of the n-th element.
inline Extents positionOf(const Extents& shape, int64_t n) {
  Extents at;
  at.rank = shape.rank;
  for (int i = shape.rank - 1; i >= 0; i--) {
    at[i] = n % shape[i];
    n /= shape[i];
  }
  return at;
}
inline int64_t offsetOf(const Extents& at, const Extents& strides) {
  int64_t offset = 0;
  for (int i = 0; i < at.rank; i++) offset += at[i] * strides[i];
  return offset;
}

// x as the dtype holds it; integers wrap.
inline double held(DType dtype, double x) {
  switch (dtype) {
    case DType::f32: return static_cast<float>(x);
    case DType::f64: return x;
    case DType::i32: return static_cast<int32_t>(static_cast<uint32_t>(static_cast<int64_t>(x)));
    case DType::boolean: return x != 0;
    case DType::u8: return static_cast<uint8_t>(static_cast<int64_t>(x));
  }
  return x;
}

inline void pack(DType dtype, const std::vector<double>& values, void* to) {
  withType(dtype, [&](auto zero) {
    using T = decltype(zero);
    for (size_t i = 0; i < values.size(); i++) static_cast<T*>(to)[i] = static_cast<T>(values[i]);
  });
}
inline std::vector<double> unpack(DType dtype, int64_t size, const void* from) {
  std::vector<double> values(static_cast<size_t>(size));
  withType(dtype, [&](auto zero) {
    using T = decltype(zero);
    for (size_t i = 0; i < values.size(); i++) values[i] = static_cast<double>(static_cast<const T*>(from)[i]);
  });
  return values;
}

// Equal numbers, and NaN where NaN is wanted.
inline bool alike(const std::vector<double>& got, const std::vector<double>& want) {
  return got.size() == want.size() &&
         std::equal(got.begin(), got.end(), want.begin(), [](double a, double b) { return a == b || (a != a && b != b); });
}

struct Tensor {
  DType dtype;
  Extents shape;
  std::vector<double> values;
};

// `below` is beyond the largest value; what lies under zero does so only in signed types.
inline Tensor randomTensor(DType dtype, const std::vector<int64_t>& shape, int64_t below = 4) {
  Tensor t{dtype, extentsOf(shape), {}};
  const bool negative = dtype == DType::f32 || dtype == DType::f64 || dtype == DType::i32;
  const int64_t low = negative ? 1 - below : 0;
  if (dtype == DType::boolean) below = 2;
  for (int64_t i = t.shape.size(); i > 0; i--) t.values.push_back(static_cast<double>(low + randomBelow(below - low)));
  return t;
}

// Runs a kernel on the memory of its operands: run_kernel.cc in the library `check`, run_kernel_cuda.cc in `check_cuda`.
void runKernel(const Kernel& kernel, const KernelMemory& memory);
// The same for a sweep, whose buffers have these sizes. Returns whether nothing was written beside its workspace.
bool runFused(const Fused& group, const std::vector<void*>& buffers, const std::vector<int64_t>& bytes, Edge edge);

// Runs one kernel at both edges of its memory and compares with `want`, whose shape and dtype are the result's.
inline void checkKernel(Opcode op, const std::vector<Tensor>& inputs, const std::vector<int64_t>& params, const Tensor& want) {
  Kernel kernel;
  kernel.op = op;
  kernel.params = params;
  kernel.output = {0, want.dtype, want.shape};
  for (const Tensor& input : inputs) kernel.inputs.push_back({0, input.dtype, input.shape});
  validateKernel(kernel);
  // As the executor does.
  if (want.shape.size() == 0) return;
  for (const Edge edge : kEdges) {
    std::vector<std::unique_ptr<GuardedBytes>> memory;
    std::vector<const void*> sources;
    for (const Tensor& input : inputs) {
      memory.push_back(std::make_unique<GuardedBytes>(input.values.size() * static_cast<size_t>(bytesOf(input.dtype)), edge));
      pack(input.dtype, input.values, memory.back()->data());
      sources.push_back(memory.back()->data());
    }
    const GuardedBytes output(static_cast<size_t>(want.shape.size() * bytesOf(want.dtype)), edge);
    std::memset(output.data(), 77, output.size());
    runKernel(kernel, {sources.data(), output.data()});
    expect(output.intact() && alike(unpack(want.dtype, want.shape.size(), output.data()), want.values), [&] {
      std::string text = std::string(nameOf(op)) + " " + nameOf(want.dtype) + " to [";
      for (int i = 0; i < want.shape.rank; i++) text += std::to_string(want.shape[i]) + " ";
      text += "] params";
      for (const int64_t p : params) text += " " + std::to_string(p);
      return text;
    });
  }
}

// A tensor of the given shape, each element a function of its position.
template <class F>
Tensor made(DType dtype, const Extents& shape, F&& element) {
  Tensor t{dtype, shape, {}};
  const int64_t size = shape.size();
  for (int64_t n = 0; n < size; n++) t.values.push_back(held(dtype, element(positionOf(shape, n))));
  return t;
}
inline double valueAt(const Tensor& t, const Extents& at) { return t.values[static_cast<size_t>(offsetOf(at, rowMajor(t.shape)))]; }

}  // namespace ab::test
