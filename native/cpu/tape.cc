#include "tape.h"

#include <algorithm>

namespace ab {

namespace {

// What no size may exceed, in elements or bytes: where an address has 32 bits (WebAssembly), what it can name.
constexpr int64_t kLargest = sizeof(size_t) == 8 ? int64_t{1} << 53 : (int64_t{1} << 32) - 1;
constexpr const char* kLargestText = sizeof(size_t) == 8 ? "2^53" : "4 GiB";
constexpr int32_t kMaxSlots = 512;
constexpr int32_t kMaxSteps = 512;
constexpr int32_t kMaxFolds = 64;
constexpr int32_t kMaxOperands = 4096;
constexpr int32_t kMaxParams = 64;
constexpr int32_t kMaxBuffers = 1 << 24;

// Walks the words and refuses to leave them.
class Reader {
 public:
  explicit Reader(std::span<const int32_t> words) : words_(words), end_(words.size()) {}

  size_t position() const { return at_; }
  size_t left() const { return end_ - at_; }

  [[noreturn]] void fail(const std::string& what) const {
    throw TapeError("tape: word " + std::to_string(at_) + ": " + what);
  }

  int32_t word() {
    if (at_ >= end_) fail("the tape ends here, but more was announced");
    return words_[at_++];
  }

  // A word that must lie in [0, limit).
  int32_t index(int64_t limit, const char* what) {
    const int32_t value = word();
    if (value < 0 || value >= limit) {
      at_--;
      fail(std::string(what) + " must be in 0.." + std::to_string(limit - 1) + ", got " + std::to_string(value));
    }
    return value;
  }

  int64_t wide() {
    const auto low = static_cast<uint32_t>(word());
    const int64_t high = word();
    const int64_t value = high * (int64_t{1} << 32) + low;
    if (value < 0 || value > kLargest) fail(std::string("a wide number must be in 0..") + kLargestText + ", got " + std::to_string(value));
    return value;
  }

  Extents extents() {
    Extents result;
    result.rank = index(kMaxRank + 1, "a rank");
    int64_t size = 1;
    for (int i = 0; i < result.rank; i++) {
      result[i] = wide();
      // An empty axis does not excuse the others: products of some of them are taken too.
      size = checkedProduct(size, result[i] > 0 ? result[i] : 1);
    }
    return result;
  }

  // Until closed, nothing beyond `words` from `start` can be read.
  void open(size_t start, int32_t words) {
    if (words < static_cast<int32_t>(at_ - start) || static_cast<size_t>(words) > words_.size() - start) {
      fail("an instruction of " + std::to_string(words) + " words does not fit");
    }
    end_ = start + static_cast<size_t>(words);
  }
  void close() {
    if (at_ != end_) fail("the instruction has " + std::to_string(left()) + " words too many");
    end_ = words_.size();
  }

 private:
  std::span<const int32_t> words_;
  size_t at_ = 0;
  size_t end_;
};

template <class E>
E readEnum(Reader& in, const char* what) {
  return static_cast<E>(in.index(static_cast<int64_t>(E::count), what));
}

// What a step demands of the dtypes it is given.
void checkStep(Reader& in, const Fused& group, const Step& step) {
  const auto dtype = [&](int32_t slot) { return group.slots[static_cast<size_t>(slot)].dtype; };
  const DType target = dtype(step.target);
  const DType first = dtype(step.sources[0]);
  const auto require = [&](bool holds) {
    if (!holds) in.fail(std::string(nameOf(step.op)) + ": not defined for these dtypes");
  };
  const int arity = arityOf(step.op);
  switch (step.op) {
    case StepOp::convert: return;
    case StepOp::select:
      require(first == DType::boolean && dtype(step.sources[1]) == target && dtype(step.sources[2]) == target);
      return;
    case StepOp::equal:
    case StepOp::less:
    case StepOp::lessEqual: require(target == DType::boolean && dtype(step.sources[1]) == first); return;
    case StepOp::logicalAnd:
    case StepOp::logicalOr:
    case StepOp::logicalNot: require(target == DType::boolean && first == target); break;
    case StepOp::abs:
    case StepOp::sign:
    case StepOp::floor:
    case StepOp::exp:
    case StepOp::expm1:
    case StepOp::log:
    case StepOp::log1p:
    case StepOp::sqrt:
    case StepOp::rsqrt:
    case StepOp::tanh:
    case StepOp::sigmoid:
    case StepOp::softplus:
    case StepOp::sin:
    case StepOp::cos: require(first == DType::f32 || first == DType::f64); break;
    default: break;
  }
  require(first == target && (arity < 2 || dtype(step.sources[1]) == target));
}

// The last element an operand reads must exist.
void checkOperand(Reader& in, const Extents& extents, const Slot& slot, const Buffer& buffer) {
  int64_t last = 0;
  for (int i = 0; i < extents.rank; i++) {
    if (extents[i] == 0) return;
    last = checkedSum(last, checkedProduct(extents[i] - 1, slot.strides[i]));
  }
  if (last >= buffer.size) {
    in.fail("an operand reads element " + std::to_string(last) + " of " + std::to_string(buffer.size));
  }
}

// Whether two buffers share memory. Inputs and outputs of the program are arrays of their own.
bool overlap(const Tape& tape, int32_t a, int32_t b) {
  const int32_t outside = tape.inputs + tape.outputs;
  if (a < outside || b < outside) return a == b;
  const Buffer& x = tape.buffers[static_cast<size_t>(a)];
  const Buffer& y = tape.buffers[static_cast<size_t>(b)];
  return x.line * kLine < y.line * kLine + y.bytes() && y.line * kLine < x.line * kLine + x.bytes();
}

// Whether an operand is read element by element, in the order in which results are written.
bool inStep(const Slot& operand, const Extents& extents) {
  int64_t step = 1;
  for (int i = extents.rank - 1; i >= 0; i--) {
    if (extents[i] != 1 && operand.strides[i] != step) return false;
    step *= extents[i];
  }
  return true;
}

// A sweep may overwrite an operand as it goes if both advance together, and nothing else that it reads; and no two results share memory.
void checkOverwriting(Reader& in, const Tape& tape, const Fused& group) {
  std::vector<int32_t> results;
  for (const Slot& slot : group.slots)
    if (slot.kind == SlotKind::output) results.push_back(slot.buffer);
  for (const Fold& fold : group.folds) results.push_back(fold.buffer);
  for (size_t i = 0; i < results.size(); i++)
    for (size_t k = 0; k < i; k++)
      if (overlap(tape, results[i], results[k])) in.fail("two results of an instruction lie on each other");
  for (const Slot& operand : group.slots) {
    if (operand.kind != SlotKind::operand) continue;
    for (const Fold& fold : group.folds)
      if (overlap(tape, operand.buffer, fold.buffer)) in.fail("the result of a fold lies on an operand");
    for (const Slot& output : group.slots) {
      if (output.kind != SlotKind::output || !overlap(tape, operand.buffer, output.buffer)) continue;
      const bool together = tape.buffers[static_cast<size_t>(operand.buffer)].line ==
                                tape.buffers[static_cast<size_t>(output.buffer)].line &&
                            bytesOf(operand.dtype) == bytesOf(output.dtype) && inStep(operand, group.extents);
      if (!together) in.fail("an output lies on an operand, but not in step with it");
    }
  }
}

Slot readSlot(Reader& in, const Tape& tape, const Extents& extents, std::span<const double> literals) {
  Slot slot;
  slot.kind = readEnum<SlotKind>(in, "a slot kind");
  slot.dtype = static_cast<DType>(in.index(kDTypes, "a dtype"));
  switch (slot.kind) {
    case SlotKind::immediate:
      slot.value = literals[static_cast<size_t>(in.index(static_cast<int64_t>(literals.size()), "a literal"))];
      return slot;
    case SlotKind::operand:
    case SlotKind::output: break;
    default: in.index(1, "the index of a scratch slot"); return slot;
  }
  slot.buffer = in.index(static_cast<int64_t>(tape.buffers.size()), "a buffer");
  const Buffer& buffer = tape.buffers[static_cast<size_t>(slot.buffer)];
  if (buffer.dtype != slot.dtype) in.fail("a slot and its buffer must have one dtype");
  if (slot.kind == SlotKind::output) {
    if (slot.buffer < tape.inputs) in.fail("an input of the program cannot be written");
    if (buffer.size != extents.size()) in.fail("an output must have as many elements as the instruction");
    return slot;
  }
  slot.strides.rank = extents.rank;
  for (int i = 0; i < extents.rank; i++) slot.strides[i] = in.wide();
  checkOperand(in, extents, slot, buffer);
  return slot;
}

Fused readFused(Reader& in, const Tape& tape, std::span<const double> literals) {
  Fused group;
  group.extents = in.extents();
  const int32_t slots = in.index(kMaxSlots + 1, "the number of slots");
  for (int32_t i = 0; i < slots; i++) group.slots.push_back(readSlot(in, tape, group.extents, literals));
  // Slots that hold something: scratch memory has what the last program left there.
  std::vector<bool> ready;
  for (const Slot& slot : group.slots) ready.push_back(slot.kind == SlotKind::operand || slot.kind == SlotKind::immediate);
  const auto source = [&] {
    const int32_t slot = in.index(slots, "a source slot");
    if (!ready[static_cast<size_t>(slot)]) in.fail("slot " + std::to_string(slot) + " is read before a step has written it");
    return slot;
  };
  const int32_t steps = in.index(kMaxSteps + 1, "the number of steps");
  for (int32_t i = 0; i < steps; i++) {
    Step step;
    step.op = readEnum<StepOp>(in, "a step opcode");
    step.target = in.index(slots, "a target slot");
    const SlotKind kind = group.slots[static_cast<size_t>(step.target)].kind;
    if (kind != SlotKind::scratch && kind != SlotKind::output) in.fail("a step writes to a slot that is only read");
    for (int k = 0; k < 3; k++) {
      if (k < arityOf(step.op)) {
        step.sources[static_cast<size_t>(k)] = source();
      } else if (in.word() != -1) {
        in.fail(std::string(nameOf(step.op)) + " reads " + std::to_string(arityOf(step.op)) + " sources");
      }
    }
    checkStep(in, group, step);
    ready[static_cast<size_t>(step.target)] = true;
    group.steps.push_back(step);
  }
  const int32_t folds = in.index(kMaxFolds + 1, "the number of folds");
  for (int32_t i = 0; i < folds; i++) {
    Fold fold;
    fold.op = readEnum<FoldOp>(in, "a fold opcode");
    fold.source = source();
    fold.buffer = in.index(static_cast<int64_t>(tape.buffers.size()), "a buffer");
    fold.kept = static_cast<uint32_t>(in.index(int64_t{1} << group.extents.rank, "a mask of axes"));
    const Buffer& buffer = tape.buffers[static_cast<size_t>(fold.buffer)];
    if (fold.buffer < tape.inputs) in.fail("an input of the program cannot be written");
    if (buffer.dtype != group.slots[static_cast<size_t>(fold.source)].dtype) in.fail("a fold keeps the dtype");
    int64_t size = 1;
    for (int axis = 0; axis < group.extents.rank; axis++) {
      if (fold.kept >> axis & 1) size *= group.extents[axis];
    }
    if (buffer.size != size) in.fail("the result of a fold must have as many elements as the axes that are kept");
    group.folds.push_back(fold);
  }
  checkOverwriting(in, tape, group);
  // Bounds the count of operations, by which sweeps divide their work; no step counts for more than 64.
  checkedProduct(group.extents.size(), 64 * (1 + int64_t{steps} + folds));
  return group;
}

Operand readOperand(Reader& in, const Tape& tape) {
  Operand operand;
  operand.buffer = in.index(static_cast<int64_t>(tape.buffers.size()), "a buffer");
  operand.shape = in.extents();
  const Buffer& buffer = tape.buffers[static_cast<size_t>(operand.buffer)];
  operand.dtype = buffer.dtype;
  if (buffer.size != operand.shape.size()) in.fail("a shape must have as many elements as its buffer");
  return operand;
}

Kernel readKernel(Reader& in, const Tape& tape, Opcode op) {
  Kernel kernel;
  kernel.op = op;
  const int32_t inputs = in.index(kMaxOperands + 1, "the number of inputs");
  for (int32_t i = 0; i < inputs; i++) kernel.inputs.push_back(readOperand(in, tape));
  kernel.output = readOperand(in, tape);
  if (kernel.output.buffer < tape.inputs) in.fail("an input of the program cannot be written");
  for (const Operand& input : kernel.inputs)
    if (overlap(tape, input.buffer, kernel.output.buffer)) in.fail("the result of a kernel lies on one of its inputs");
  const int32_t params = in.index(kMaxParams + 1, "the number of params");
  for (int32_t i = 0; i < params; i++) kernel.params.push_back(in.wide());
  validateKernel(kernel);
  return kernel;
}

void readBuffers(Reader& in, Tape& tape, int32_t count) {
  // Each takes five words, so a count that lies cannot make us allocate more than the tape is long.
  if (static_cast<size_t>(count) > in.left() / 5) in.fail("more buffers are announced than the tape holds");
  tape.buffers.reserve(static_cast<size_t>(count));
  const int64_t limit = checkedProduct(tape.arenaLines, kLine);
  for (int32_t i = 0; i < count; i++) {
    Buffer buffer;
    buffer.dtype = static_cast<DType>(in.index(kDTypes, "a dtype"));
    buffer.size = in.wide();
    buffer.line = in.wide();
    const int64_t bytes = checkedProduct(buffer.size, bytesOf(buffer.dtype));
    const bool inside = i < tape.inputs + tape.outputs
                            ? buffer.line == 0
                            : checkedSum(checkedProduct(buffer.line, kLine), bytes) <= limit;
    if (!inside) in.fail("buffer " + std::to_string(i) + " does not lie in the arena");
    tape.buffers.push_back(buffer);
  }
}

}  // namespace

int64_t checkedProduct(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_mul_overflow(a, b, &result) || result > kLargest) throw TapeError(std::string("tape: a size exceeds ") + kLargestText);
  return result;
}

int64_t checkedSum(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_add_overflow(a, b, &result) || result > kLargest) throw TapeError(std::string("tape: a size exceeds ") + kLargestText);
  return result;
}

bool Extents::operator==(const Extents& other) const {
  return rank == other.rank && std::equal(at.begin(), at.begin() + rank, other.at.begin());
}

int64_t Extents::size() const {
  int64_t product = 1;
  for (int i = 0; i < rank; i++) product *= at[static_cast<size_t>(i)];
  return product;
}

Tape decodeTape(std::span<const int32_t> words, std::span<const double> literals) {
  Reader in(words);
  if (in.word() != kTapeMagic) in.fail("this is no tape");
  if (const int32_t version = in.word(); version != kTapeVersion) {
    in.fail("version " + std::to_string(version) + " is not " + std::to_string(kTapeVersion) +
            "; the addon is older or newer than the package, run npm run build:addon");
  }
  if (static_cast<int64_t>(in.word()) != static_cast<int64_t>(words.size())) in.fail("the length is not the one announced");
  Tape tape;
  tape.arenaLines = in.wide();
  tape.inputs = in.index(kMaxBuffers, "the number of inputs");
  tape.outputs = in.index(kMaxBuffers, "the number of outputs");
  const int32_t buffers = in.index(kMaxBuffers, "the number of buffers");
  if (tape.inputs + tape.outputs > buffers) in.fail("inputs and outputs are buffers too");
  const int32_t instructions = in.index(int64_t{1} << 30, "the number of instructions");
  readBuffers(in, tape, buffers);
  for (int32_t i = 0; i < instructions; i++) {
    const size_t start = in.position();
    const auto op = readEnum<Opcode>(in, "an opcode");
    in.open(start, in.word());
    if (op == Opcode::fused) {
      tape.instructions.push_back({true, static_cast<int32_t>(tape.fused.size())});
      tape.fused.push_back(readFused(in, tape, literals));
    } else {
      tape.instructions.push_back({false, static_cast<int32_t>(tape.kernels.size())});
      tape.kernels.push_back(readKernel(in, tape, op));
    }
    in.close();
  }
  if (in.left() != 0) in.fail("the tape goes on after its last instruction");
  return tape;
}

}  // namespace ab
