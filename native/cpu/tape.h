// The tape: a fused and planned program as 32-bit words, and its decoder. src/compile/tape.ts defines the format; the numbers here are
// the same, and test/native/tape.test.ts compares the two.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace ab {

constexpr int32_t kTapeMagic = 0x41425450;
constexpr int32_t kTapeVersion = 2;
constexpr int kMaxRank = 8;
constexpr int64_t kLine = 64;

enum class DType : int32_t { f32, f64, i32, boolean, u8 };
constexpr int kDTypes = 5;
constexpr int64_t bytesOf(DType dtype) {
  constexpr int64_t bytes[kDTypes] = {4, 8, 4, 1, 1};
  return bytes[static_cast<int>(dtype)];
}
const char* nameOf(DType dtype);

enum class StepOp : int32_t {
  copy, add, sub, mul, div, maximum, minimum, neg, abs, sign, floor, exp, expm1, log, log1p, sqrt, rsqrt, tanh, sigmoid, softplus,
  sin, cos, pow, equal, less, lessEqual, logicalAnd, logicalOr, logicalNot, select, convert, count
};
enum class FoldOp : int32_t { sum, max, count };
enum class SlotKind : int32_t { scratch, operand, immediate, output, count };
enum class Opcode : int32_t {
  fused, transpose, slice, pad, concatenate, reverse, iota, argmax, dot, conv2d, conv2dInputGrad, conv2dFilterGrad, windowArgmax,
  planeTake, planePut, windowSum, windowSpread, takeRows, addRows, count
};
// As in src/ops/registry.ts.
const char* nameOf(StepOp op);
const char* nameOf(FoldOp op);
const char* nameOf(Opcode op);
// How many sources a step reads.
int arityOf(StepOp op);

// A tape that breaks the format. The message says where and how.
struct TapeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Extents {
  int rank = 0;
  std::array<int64_t, kMaxRank> at{};

  int64_t operator[](int axis) const { return at[static_cast<size_t>(axis)]; }
  int64_t& operator[](int axis) { return at[static_cast<size_t>(axis)]; }
  bool operator==(const Extents& other) const;
  // Number of elements; the decoder has checked that it does not overflow.
  int64_t size() const;
};

struct Buffer {
  DType dtype = DType::f32;
  int64_t size = 0;
  int64_t line = 0;  // in the arena; 0 for inputs and outputs
  int64_t bytes() const { return size * bytesOf(dtype); }
};

struct Slot {
  SlotKind kind = SlotKind::scratch;
  DType dtype = DType::f32;
  int32_t buffer = -1;
  double value = 0;      // of an immediate
  Extents strides;       // of an operand, over the extents of the instruction
};

struct Step {
  StepOp op = StepOp::copy;
  int32_t target = 0;
  std::array<int32_t, 3> sources{-1, -1, -1};
};

struct Fold {
  FoldOp op = FoldOp::sum;
  int32_t source = 0;
  int32_t buffer = 0;
  uint32_t kept = 0;  // bit i: axis i stays
};

struct Fused {
  Extents extents;
  std::vector<Slot> slots;
  std::vector<Step> steps;
  std::vector<Fold> folds;
};

struct Operand {
  int32_t buffer = 0;
  DType dtype = DType::f32;
  Extents shape;
};

struct Kernel {
  Opcode op = Opcode::transpose;
  std::vector<Operand> inputs;
  Operand output;
  std::vector<int64_t> params;
};

struct Instruction {
  bool fused = false;
  int32_t index = 0;  // into Tape::fused or Tape::kernels
};

struct Tape {
  int64_t arenaLines = 0;
  int32_t inputs = 0;
  int32_t outputs = 0;
  std::vector<Buffer> buffers;
  std::vector<Instruction> instructions;
  std::vector<Fused> fused;
  std::vector<Kernel> kernels;
};

// Reads and validates everything: whatever this returns runs within its buffers. Throws TapeError.
Tape decodeTape(std::span<const int32_t> words, std::span<const double> literals);

// The part of it that knows each kernel's shape rule and params. Throws TapeError.
void validateKernel(const Kernel& kernel);

// a * b for non-negative numbers. Throws TapeError if it does not fit.
int64_t checkedProduct(int64_t a, int64_t b);
int64_t checkedSum(int64_t a, int64_t b);

}  // namespace ab
