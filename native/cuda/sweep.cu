// From a fused instruction to passes over its iteration space. Folds that keep the same axes share a pass, the last of which also writes the
// outputs: earlier ones may still need the operands that outputs lie on.
#include "sweep.cuh"

#include <cstring>
#include <map>

#include "cpu/dtypes.h"
#include "lower.h"

namespace ab::cuda {
namespace {

constexpr int64_t kBlocksWanted = 256;
constexpr int64_t kMostParts = 64;
constexpr int64_t kLeastRounds = 8;  // of a thread's loop, before a sum is divided into parts
constexpr int kWholeBlock = 1024;    // elements of a result from which on a block shares it, not a warp

// An axis, or several that every operand steps through as one.
struct Axis {
  int64_t extent = 1;
  bool kept = true;
  std::vector<int64_t> strides;  // of each load and store
};

class Pass {
 public:
  Pass(const Fused& group, const std::vector<const Fold*>& folds, bool writes) : group_(group), folds_(folds) {
    chooseSteps(writes);
    for (int i = 0; i < group.extents.rank; i++) addAxis(i);
  }

  void plan(Plan& plan) const {
    SweepShape shape = shapeOf();
    SweepFolds folds;
    folds.count = static_cast<int>(folds_.size());
    for (size_t f = 0; f < folds_.size(); f++) {
      const DType dtype = group_.slots[at(folds_[f]->source)].dtype;
      folds.codes[f] = {folds_[f]->op, dtype, registers_.at(folds_[f]->source), folds_[f]->buffer};
    }
    if (shape.results == 0) return;
    if (shape.parts > 1) folds.partials = plan.workspace(int64_t{folds.count} * shape.parts * shape.results * static_cast<int64_t>(sizeof(Value)));
    const SweepCode code = codeOf(plan);
    const int64_t blocks = upTo(shape.results, kThreads / shape.lanes);
    const size_t registers = registers_.size();
    const auto kernel = registers <= 16 ? sweep<16> : registers <= 64 ? sweep<64> : sweep<512>;
    plan.launch(blocks, shape.parts, kThreads, kernel, shape, code, folds);
    if (shape.parts > 1) plan.launch(upTo(shape.results, kThreads), folds.count, kThreads, joinParts, shape.results, shape.parts, folds);
  }

 private:
  static size_t at(int32_t i) { return static_cast<size_t>(i); }

  // Only what reaches a fold of this pass or an output that it writes.
  void chooseSteps(bool writes) {
    std::vector<bool> needed(group_.slots.size());
    for (const Fold* const fold : folds_) needed[at(fold->source)] = true;
    if (writes) {
      for (const Step& step : group_.steps) {
        if (group_.slots[at(step.target)].kind != SlotKind::output || needed_(stores_, step.target)) continue;
        needed[at(step.target)] = true;
        stores_.push_back(step.target);
      }
    }
    for (size_t i = group_.steps.size(); i-- > 0;) {
      const Step& step = group_.steps[i];
      if (!needed[at(step.target)]) continue;
      steps_.insert(steps_.begin(), &step);
      needed[at(step.target)] = false;
      for (int k = 0; k < arityOf(step.op); k++) needed[at(step.sources[at(k)])] = true;
    }
    for (size_t s = 0; s < needed.size(); s++) {
      if (!needed[s]) continue;
      const auto slot = static_cast<int32_t>(s);
      (group_.slots[s].kind == SlotKind::immediate ? constants_ : loads_).push_back(slot);
    }
    for (const auto* const list : {&constants_, &loads_, &stores_})
      for (const int32_t slot : *list) nameRegister(slot);
    for (const Step* const step : steps_) nameRegister(step->target);
  }

  static bool needed_(const std::vector<int32_t>& list, int32_t slot) { return std::find(list.begin(), list.end(), slot) != list.end(); }
  void nameRegister(int32_t slot) { registers_.emplace(slot, static_cast<int32_t>(registers_.size())); }

  // The next axis of the space: joined to the one before where everything steps through both as through one.
  void addAxis(int i) {
    Axis axis;
    axis.extent = group_.extents[i];
    if (axis.extent == 1) return;
    axis.kept = folds_.empty() || (folds_[0]->kept >> i & 1) != 0;
    for (const int32_t slot : loads_) axis.strides.push_back(group_.slots[at(slot)].strides[i]);
    int64_t step = 1;
    for (int k = group_.extents.rank - 1; k > i; k--) step *= group_.extents[k];
    axis.strides.resize(loads_.size() + stores_.size(), step);
    if (!axes_.empty()) {
      Axis& last = axes_.back();
      bool joined = last.kept == axis.kept;
      for (size_t s = 0; s < axis.strides.size(); s++) joined = joined && last.strides[s] == axis.strides[s] * axis.extent;
      if (joined) {
        last.extent *= axis.extent;
        last.strides = axis.strides;
        return;
      }
    }
    axes_.push_back(axis);
  }

  // Kept axes first.
  std::vector<const Axis*> inOrder() const {
    std::vector<const Axis*> order;
    for (const bool kept : {true, false})
      for (const Axis& axis : axes_)
        if (axis.kept == kept) order.push_back(&axis);
    return order;
  }

  SweepShape shapeOf() const {
    SweepShape shape;
    int64_t results = 1, reduced = 1;
    for (const Axis* const axis : inOrder()) {
      shape.extents[shape.rank++] = Divisor(std::max<int64_t>(axis->extent, 1));
      if (axis->kept) shape.kept++;
      (axis->kept ? results : reduced) *= axis->extent;
    }
    shape.results = static_cast<uint32_t>(results);
    shape.reduced = static_cast<uint32_t>(reduced);
    shape.lanesInner = !axes_.empty() && !axes_.back().kept;
    const int64_t most = shape.lanesInner ? (reduced > kWholeBlock ? kThreads : 32) : results > 32 ? kThreads / 32 : kThreads;
    while (shape.lanes < most && shape.lanes < reduced) shape.lanes *= 2;
    const int64_t blocks = upTo(results, kThreads / shape.lanes);
    const int64_t rounds = upTo(reduced, shape.lanes);
    const int64_t wanted = blocks == 0 ? 1 : std::min(kMostParts, upTo(kBlocksWanted, blocks));
    const int64_t parts = folds_.empty() ? 1 : std::max<int64_t>(1, std::min(wanted, rounds / kLeastRounds));
    shape.part = static_cast<uint32_t>(std::max<int64_t>(1, upTo(rounds, parts) * shape.lanes));
    shape.parts = static_cast<int>(std::max<int64_t>(1, upTo(reduced, shape.part)));
    return shape;
  }

  Move moveOf(size_t which, int32_t slot) const {
    Move move;
    move.place = registers_.at(slot);
    move.buffer = group_.slots[at(slot)].buffer;
    move.dtype = group_.slots[at(slot)].dtype;
    int i = 0;
    for (const Axis* const axis : inOrder()) move.strides[i++] = static_cast<int32_t>(axis->strides[which]);
    return move;
  }

  Constant constantOf(int32_t slot) const {
    const Slot& from = group_.slots[at(slot)];
    Constant constant;
    constant.place = registers_.at(slot);
    withType(from.dtype, [&](auto zero) {
      using T = decltype(zero);
      // Integer literals are whole numbers of their type; anything else wraps as it would in a typed array.
      const T element = std::is_floating_point_v<T>                    ? static_cast<T>(from.value)
                        : from.dtype == DType::boolean                 ? static_cast<T>(from.value != 0)
                        : from.value >= -9.2e18 && from.value <= 9.2e18 ? static_cast<T>(static_cast<int64_t>(from.value))
                                                                        : T{0};
      const Value value = valueOf(element);
      std::memcpy(&constant.bits, &value, sizeof value);
    });
    return constant;
  }

  StepCode codeOf(const Step& step) const {
    StepCode code;
    code.op = static_cast<uint8_t>(step.op);
    code.from = static_cast<uint8_t>(group_.slots[at(step.sources[0])].dtype);
    code.to = static_cast<uint8_t>(group_.slots[at(step.target)].dtype);
    code.target = static_cast<int16_t>(registers_.at(step.target));
    // One that is not there is read like the first, and ignored.
    for (int k = 0; k < 3; k++) code.sources[k] = static_cast<int16_t>(registers_.at(step.sources[k < arityOf(step.op) ? at(k) : 0]));
    return code;
  }

  SweepCode codeOf(Plan& plan) const {
    std::vector<Constant> constants;
    std::vector<Move> loads, stores;
    std::vector<StepCode> steps;
    for (const int32_t slot : constants_) constants.push_back(constantOf(slot));
    for (size_t i = 0; i < loads_.size(); i++) loads.push_back(moveOf(i, loads_[i]));
    for (size_t i = 0; i < stores_.size(); i++) stores.push_back(moveOf(loads_.size() + i, stores_[i]));
    for (const Step* const step : steps_) steps.push_back(codeOf(*step));
    SweepCode code;
    code.buffer = plan.constants();
    const auto add = [&](auto& list, int& count, int64_t& offset) {
      count = static_cast<int>(list.size());
      offset = plan.addConstants(list.data(), list.size() * sizeof(list[0]));
    };
    add(constants, code.constants, code.constantsAt);
    add(loads, code.loads, code.loadsAt);
    add(steps, code.steps, code.stepsAt);
    add(stores, code.stores, code.storesAt);
    return code;
  }

  const Fused& group_;
  std::vector<const Fold*> folds_;
  std::vector<int32_t> constants_, loads_, stores_;  // slots
  std::vector<const Step*> steps_;
  std::map<int32_t, int32_t> registers_;  // of slots
  std::vector<Axis> axes_;
};

// The axes that matter: what a fold does with one of extent 1 makes no difference.
uint32_t axesKept(const Fused& group, const Fold& fold) {
  uint32_t kept = fold.kept;
  for (int i = 0; i < group.extents.rank; i++)
    if (group.extents[i] == 1) kept |= 1u << i;
  return kept;
}

}  // namespace

void lower(const Fused& group, Plan& plan) {
  std::vector<std::vector<const Fold*>> passes;
  for (const Fold& fold : group.folds) {
    const auto fits = [&](const std::vector<const Fold*>& pass) {
      return pass.size() < kMostFolds && axesKept(group, *pass[0]) == axesKept(group, fold);
    };
    const auto found = std::find_if(passes.begin(), passes.end(), fits);
    if (found == passes.end()) passes.push_back({&fold});
    else found->push_back(&fold);
  }
  if (passes.empty()) passes.push_back({});
  for (size_t i = 0; i < passes.size(); i++) Pass(group, passes[i], i + 1 == passes.size()).plan(plan);
}

}  // namespace ab::cuda
