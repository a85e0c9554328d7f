// Fused instructions made by chance against one element at a time: all shapes of rows, blocks and chunks, operands read in any order or
// repeated, in-place results, sums and maxima over any set of axes.
#include "tensors.h"

namespace {

using namespace ab;
using namespace ab::test;

struct Case {
  Fused group;
  std::vector<DType> types;     // of each buffer
  std::vector<int64_t> sizes;   // of each buffer
  std::vector<std::vector<double>> start;
  std::vector<double> bounds;   // of each slot: no sum may be rounded
};

int64_t pick(std::initializer_list<int64_t> list) { return list.begin()[randomBelow(static_cast<int64_t>(list.size()))]; }

Extents randomExtents() {
  switch (randomBelow(8)) {
    case 0: return {};
    case 1: return extentsOf({pick({1, 7, 31, 63, 1000, 1024, 1025, 5000, 70000})});
    case 2: return extentsOf({pick({1, 3, 40}), pick({1025, 1500, 4097})});
    case 3: return extentsOf({pick({1, 3, 63, 1000}), pick({1, 2, 31, 63, 64, 129, 700})});
    case 4: return extentsOf({pick({2, 7}), pick({3, 30}), pick({1100, 2050})});
    case 5: return extentsOf({pick({1, 5, 40}), pick({2, 31}), pick({1, 3, 16, 63})});
    case 6: return extentsOf({pick({0, 3}), pick({0, 5}), pick({0, 1, 1200})});
    default: return extentsOf({pick({1, 2, 9}), pick({1, 14}), pick({1, 14}), pick({1, 3, 16, 33})});
  }
}

// Strides of an operand that is repeated along some axes and stored in any order of the others.
Extents randomStrides(const Extents& extents, int64_t& size) {
  std::vector<int> kept;
  const bool whole = randomBelow(3) == 0;
  for (int i = 0; i < extents.rank; i++)
    if (whole || randomBelow(3) != 0) kept.push_back(i);
  if (!whole && randomBelow(3) == 0)
    for (size_t i = kept.size(); i > 1; i--) std::swap(kept[i - 1], kept[size_t(randomBelow(int64_t(i)))]);
  Extents strides;
  strides.rank = extents.rank;
  size = 1;
  for (size_t i = kept.size(); i > 0; i--) {
    strides[kept[i - 1]] = size;
    size *= extents[kept[i - 1]];
  }
  return strides;
}

int32_t addBuffer(Case& c, DType dtype, int64_t size) {
  c.types.push_back(dtype);
  c.sizes.push_back(size);
  c.start.push_back(randomTensor(dtype, {size}, 4).values);
  return static_cast<int32_t>(c.types.size()) - 1;
}

Case randomCase() {
  Case c;
  Fused& g = c.group;
  g.extents = randomExtents();
  const DType main = static_cast<DType>(pick({0, 0, 1, 2, 4}));
  // Chains hold one type of floats at a time; some have to turn to the other and back.
  const DType second = main == DType::f32 && randomBelow(2) == 0 ? DType::f64 : DType::boolean;
  const auto addSlot = [&](Slot slot, double bound) {
    g.slots.push_back(slot);
    c.bounds.push_back(bound);
    return static_cast<int32_t>(g.slots.size()) - 1;
  };
  std::vector<int32_t> ready;
  for (int64_t i = pick({1, 2, 3}); i > 0; i--) {
    int64_t size = 0;
    const Extents strides = randomStrides(g.extents, size);
    const DType dtype = randomBelow(5) == 0 ? DType::boolean : randomBelow(4) == 0 ? second : main;
    ready.push_back(addSlot({SlotKind::operand, dtype, addBuffer(c, dtype, size), 0, strides}, 3));
  }
  const double immediate = static_cast<double>(randomBelow(3));
  ready.push_back(addSlot({SlotKind::immediate, main, -1, immediate, {}}, immediate));
  for (int64_t i = 1 + randomBelow(randomBelow(4) == 0 ? 20 : 7); i > 0; i--) {
    const auto source = [&](DType dtype) {
      std::vector<int32_t> fit;
      for (const int32_t s : ready)
        if (g.slots[size_t(s)].dtype == dtype && c.bounds[size_t(s)] <= 40) fit.push_back(s);
      return fit.empty() ? -1 : fit[size_t(randomBelow(int64_t(fit.size())))];
    };
    Step step;
    step.op = static_cast<StepOp>(pick({0, 1, 1, 2, 3, 5, 6, 23, 24, 25, 29, 30}));
    const DType most = second != DType::boolean && randomBelow(3) == 0 ? second : main;
    DType from = most, to = most;
    if (step.op == StepOp::equal || step.op == StepOp::less || step.op == StepOp::lessEqual) to = DType::boolean;
    if (step.op == StepOp::convert) (randomBelow(2) == 0 ? from : to) = randomBelow(2) == 0 ? DType::boolean : most == main ? second : main;
    if (step.op == StepOp::sub && main == DType::u8) step.op = StepOp::maximum;
    const int arity = arityOf(step.op);
    bool possible = true;
    double bound = 1;
    for (int k = 0; k < arity; k++) {
      step.sources[size_t(k)] = source(step.op == StepOp::select && k == 0 ? DType::boolean : from);
      possible = possible && step.sources[size_t(k)] >= 0;
      if (!possible) break;
      const double b = c.bounds[size_t(step.sources[size_t(k)])];
      bound = step.op == StepOp::mul ? bound * b : k == 0 || step.op == StepOp::select ? std::max(bound, b) : bound + b;
    }
    if (!possible) continue;
    // A scratch slot again, one of one's own, or a result.
    std::vector<int32_t> scratch;
    for (const int32_t s : ready)
      if (g.slots[size_t(s)].kind == SlotKind::scratch && g.slots[size_t(s)].dtype == to) scratch.push_back(s);
    if (!scratch.empty() && randomBelow(3) == 0) {
      step.target = scratch[size_t(randomBelow(int64_t(scratch.size())))];
      c.bounds[size_t(step.target)] = bound;
    } else if (randomBelow(3) == 0) {
      step.target = addSlot({SlotKind::output, to, addBuffer(c, to, g.extents.size()), 0, {}}, bound);
      ready.push_back(step.target);
    } else {
      step.target = addSlot({SlotKind::scratch, to, -1, 0, {}}, bound);
      ready.push_back(step.target);
    }
    g.steps.push_back(step);
  }
  for (int64_t i = randomBelow(4); i > 0; i--) {
    Fold fold;
    fold.op = randomBelow(2) == 0 ? FoldOp::sum : FoldOp::max;
    fold.source = ready[size_t(randomBelow(int64_t(ready.size())))];
    const DType dtype = g.slots[size_t(fold.source)].dtype;
    if (dtype == DType::boolean) continue;
    fold.kept = static_cast<uint32_t>(randomBelow(int64_t{1} << g.extents.rank));
    int64_t size = 1;
    for (int a = 0; a < g.extents.rank; a++)
      if (fold.kept >> a & 1) size *= g.extents[a];
    fold.buffer = addBuffer(c, dtype, size);
    g.folds.push_back(fold);
  }
  return c;
}

std::string describe(const Case& c) {
  std::string text = "sweep over [";
  for (int i = 0; i < c.group.extents.rank; i++) text += std::to_string(c.group.extents[i]) + " ";
  text += "]";
  for (const Slot& s : c.group.slots) {
    text += std::string(" ") + nameOf(s.dtype) + (s.kind == SlotKind::operand ? "(" : s.kind == SlotKind::immediate ? "=" : s.kind == SlotKind::output ? "!" : "");
    if (s.kind == SlotKind::operand) {
      for (int i = 0; i < s.strides.rank; i++) text += std::to_string(s.strides[i]) + " ";
      text += ")";
    }
  }
  for (const Step& s : c.group.steps) text += std::string(" ") + nameOf(s.op) + ">" + std::to_string(s.target);
  for (const Fold& f : c.group.folds) text += std::string(" ") + nameOf(f.op) + " of " + std::to_string(f.source) + " kept " + std::to_string(f.kept);
  return text;
}

double lowestOf(const Fold& fold, DType dtype) {
  if (fold.op == FoldOp::sum) return 0;
  return dtype == DType::f32 || dtype == DType::f64 ? -__builtin_inf() : -9e18;
}

// All buffers after the sweep.
std::vector<std::vector<double>> naive(const Case& c) {
  const Fused& g = c.group;
  std::vector<std::vector<double>> buffers = c.start;
  for (const Fold& fold : g.folds)
    std::fill(buffers[size_t(fold.buffer)].begin(), buffers[size_t(fold.buffer)].end(), lowestOf(fold, c.types[size_t(fold.buffer)]));
  std::vector<double> at(g.slots.size());
  const int64_t size = g.extents.size();
  for (int64_t n = 0; n < size; n++) {
    const Extents position = positionOf(g.extents, n);
    for (size_t s = 0; s < g.slots.size(); s++) {
      const Slot& slot = g.slots[s];
      if (slot.kind == SlotKind::immediate) at[s] = slot.value;
      if (slot.kind == SlotKind::operand) at[s] = c.start[size_t(slot.buffer)][size_t(offsetOf(position, slot.strides))];
    }
    for (const Step& step : g.steps) {
      const auto value = [&](int k) { return at[size_t(step.sources[size_t(k)])]; };
      double result = 0;
      switch (step.op) {
        case StepOp::copy:
        case StepOp::convert: result = value(0); break;
        case StepOp::add: result = value(0) + value(1); break;
        case StepOp::sub: result = value(0) - value(1); break;
        case StepOp::mul: result = value(0) * value(1); break;
        case StepOp::maximum: result = std::max(value(0), value(1)); break;
        case StepOp::minimum: result = std::min(value(0), value(1)); break;
        case StepOp::equal: result = value(0) == value(1); break;
        case StepOp::less: result = value(0) < value(1); break;
        case StepOp::lessEqual: result = value(0) <= value(1); break;
        case StepOp::select: result = value(0) != 0 ? value(1) : value(2); break;
        default: break;
      }
      const Slot& target = g.slots[size_t(step.target)];
      at[size_t(step.target)] = held(target.dtype, result);
      if (target.kind == SlotKind::output) buffers[size_t(target.buffer)][size_t(n)] = at[size_t(step.target)];
    }
    for (const Fold& fold : g.folds) {
      int64_t index = 0;
      for (int i = 0; i < g.extents.rank; i++)
        if (fold.kept >> i & 1) index = index * g.extents[i] + position[i];
      double& into = buffers[size_t(fold.buffer)][size_t(index)];
      const double v = at[size_t(fold.source)];
      into = fold.op == FoldOp::sum ? into + v : std::max(into, v);
    }
  }
  for (const Fold& fold : g.folds)
    // A maximum of nothing is what an integer array makes of minus infinity: 0.
    for (double& v : buffers[size_t(fold.buffer)]) v = v == -9e18 ? 0 : held(c.types[size_t(fold.buffer)], v);
  return buffers;
}

void check(const Case& c, const std::vector<std::vector<double>>& want) {
  for (const Edge edge : kEdges) {
    std::vector<std::unique_ptr<GuardedBytes>> memory;
    std::vector<void*> buffers;
    for (size_t i = 0; i < c.types.size(); i++) {
      memory.push_back(std::make_unique<GuardedBytes>(size_t(c.sizes[i] * bytesOf(c.types[i])), edge));
      pack(c.types[i], c.start[i], memory.back()->data());
      buffers.push_back(memory.back()->data());
    }
    std::vector<int64_t> bytes;
    for (size_t i = 0; i < c.types.size(); i++) bytes.push_back(c.sizes[i] * bytesOf(c.types[i]));
    bool right = runFused(c.group, buffers, bytes, edge);
    for (size_t i = 0; i < c.types.size(); i++) right = right && memory[i]->intact() && alike(unpack(c.types[i], c.sizes[i], buffers[i]), want[i]);
    expect(right, [&] { return describe(c); });
  }
}

// A result in the memory of an operand that advances with it.
void checkInPlace() {
  for (const int64_t size : {1, 63, 1025, 70000}) {
    Fused g;
    g.extents = extentsOf({size});
    const Slot operand{SlotKind::operand, DType::f32, 0, 0, extentsOf({1})}, output{SlotKind::output, DType::f32, 0, 0, {}};
    g.slots = {operand, output, Slot{SlotKind::immediate, DType::f32, -1, 2, {}}};
    g.steps = {Step{StepOp::mul, 1, {0, 2, -1}}};
    const std::vector<float> x = smallIntegers<float>(size);
    std::vector<float> want;
    for (const float v : x) want.push_back(2 * v);
    for (const Edge edge : kEdges) {
      const Guarded<float> memory(x, edge);
      expect(runFused(g, {memory.get()}, {size * 4}, edge) && memory == want, "a sweep in place of " + std::to_string(size));
    }
  }
}

}  // namespace

int main() {
  std::vector<Case> cases;
  std::vector<std::vector<std::vector<double>>> wanted;
  for (int i = 0; i < 1500; i++) {
    Case c = randomCase();
    if (c.group.steps.empty() || skipped()) continue;
    wanted.push_back(naive(c));
    cases.push_back(std::move(c));
  }
  forEachIsa([&] {
    withThreads({1, 2, 8}, [&] {
      for (size_t i = 0; i < cases.size(); i++) check(cases[i], wanted[i]);
      checkInPlace();
    });
  });
  return finish();
}
