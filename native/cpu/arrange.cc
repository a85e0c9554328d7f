// Which values of a sweep are handed on in registers, and which wait in memory.
#include "chain.h"

#include <algorithm>

namespace ab {
namespace {

// Whether a step can be a stage; others are calls.
bool isStage(StepOp op, DType dtype) {
  if (dtype != DType::f32 && dtype != DType::f64) return false;
  switch (op) {
    case StepOp::copy:
    case StepOp::add:
    case StepOp::sub:
    case StepOp::mul:
    case StepOp::div:
    case StepOp::maximum:
    case StepOp::minimum:
    case StepOp::neg:
    case StepOp::abs:
    case StepOp::sign:
    case StepOp::floor:
    case StepOp::sqrt:
    case StepOp::rsqrt:
    case StepOp::equal:
    case StepOp::less:
    case StepOp::lessEqual:
    case StepOp::select: return true;
    default: return false;
  }
}

class Arranger {
 public:
  Arranger(const Fused& group, const std::vector<bool>& gathered)
      : group_(group),
        gathered_(gathered),
        slots_(static_cast<int32_t>(group.slots.size())),
        lastWriter_(group.slots.size(), -1),
        uses_(group.slots.size() + group.steps.size()),
        waits_(uses_.size(), false) {
    reset();
    for (size_t i = 0; i < group.steps.size(); i++) {
      const Step& step = group.steps[i];
      for (int k = 0; k < arityOf(step.op); k++) uses_[at(valueOf(step, k))]++;
      current_[at(step.target)] = resultOf(i);
      lastWriter_[at(step.target)] = static_cast<int32_t>(i);
    }
    for (const Fold& fold : group.folds) uses_[at(current_[at(fold.source)])]++;
  }

  std::vector<Stage> stages() {
    // The first time finds out what is read when it is no longer held, and has to be stored.
    for (int time = 0; time < 2; time++) {
      reset();
      for (size_t f = 0; f < group_.folds.size(); f++)
        if (lastWriter_[at(group_.folds[f].source)] < 0) fold(f);
      for (size_t i = 0; i < group_.steps.size(); i++)
        if (product(i)) i++;
        else step(i);
      emit(stage(StageOp::end));
    }
    return std::move(stages_);
  }

 private:
  // A value is what a slot holds at first, by the slot's number, or the result of a step.
  using Value = int32_t;
  static constexpr Value kNothing = -1;

  static size_t at(int32_t i) { return static_cast<size_t>(i); }
  Value resultOf(size_t step) const { return slots_ + static_cast<int32_t>(step); }
  Value valueOf(const Step& step, int source) const { return current_[at(step.sources[at(source)])]; }
  int32_t slotOf(Value value) const { return value < slots_ ? value : group_.steps[at(value - slots_)].target; }
  DType dtypeOf(int32_t slot) const { return group_.slots[at(slot)].dtype; }

  void reset() {
    stages_.clear();
    current_.resize(at(slots_));
    for (int32_t s = 0; s < slots_; s++) current_[at(s)] = s;
    held_ = kNothing;
    holding_ = DType::f32;
  }

  Stage stage(StageOp op) const {
    Stage result;
    result.op = op;
    result.holding = holding_;
    return result;
  }
  void emit(const Stage& stage) { stages_.push_back(stage); }

  void hold(DType dtype) {
    if (holding_ == dtype) return;
    holding_ = dtype;
    held_ = kNothing;
    emit(stage(StageOp::turn));
  }

  // Where a value waits.
  int32_t memory(Value value) {
    waits_[at(value)] = true;
    return slotOf(value);
  }

  void load(Value value) {
    if (held_ == value) return;
    Stage s = stage(StageOp::load);
    s.places[1] = memory(value);
    emit(s);
    held_ = value;
  }

  void source(Stage& stage, int place, Value value) {
    if (held_ == value) (place == 1 ? stage.aHeld : stage.bHeld) = true;
    else stage.places[at(place)] = memory(value);
  }

  // The result of step i exists; it is what is held, or in memory already.
  void define(size_t i, bool isHeld) {
    const int32_t target = group_.steps[i].target;
    current_[at(target)] = resultOf(i);
    if (isHeld) {
      held_ = resultOf(i);
      if (group_.slots[at(target)].kind == SlotKind::output || waits_[at(held_)]) {
        Stage s = stage(StageOp::store);
        s.places[0] = target;
        emit(s);
      }
    }
    for (size_t f = 0; f < group_.folds.size(); f++)
      if (group_.folds[f].source == target && lastWriter_[at(target)] == static_cast<int32_t>(i)) fold(f);
  }

  void fold(size_t f) {
    const Fold& fold = group_.folds[f];
    const Value value = current_[at(fold.source)];
    const DType dtype = dtypeOf(fold.source);
    if (!gathered_[f]) {
      memory(value);
      return;
    }
    const bool isFloat = dtype == DType::f32 || dtype == DType::f64;
    if (isFloat) {
      hold(dtype);
      load(value);
    }
    Stage s = stage(isFloat ? StageOp::gather : StageOp::gatherCall);
    s.fold = fold.op;
    s.from = dtype;
    s.places[0] = slots_ + static_cast<int32_t>(f);
    if (!isFloat) {
      s.places[1] = memory(value);
      held_ = kNothing;
    }
    emit(s);
  }

  void step(size_t i) {
    const Step& step = group_.steps[i];
    const int arity = arityOf(step.op);
    const DType from = dtypeOf(step.sources[at(arity - 1)]);
    if (!isStage(step.op, from)) {
      Stage s = stage(StageOp::call);
      s.step = step.op;
      s.from = from;
      s.to = dtypeOf(step.target);
      s.places[0] = step.target;
      for (int k = 0; k < arity; k++) s.places[at(k + 1)] = memory(valueOf(step, k));
      emit(s);
      held_ = kNothing;
      return define(i, false);
    }
    hold(from);
    if (arity == 1) {
      load(valueOf(step, 0));
      Stage s = stage(StageOp::apply);
      s.step = step.op;
      if (step.op != StepOp::copy) emit(s);
      return define(i, true);
    }
    const bool isChoice = step.op == StepOp::select;
    const bool isComparison = dtypeOf(step.target) == DType::boolean;
    Stage s = stage(isChoice ? StageOp::choose : isComparison ? StageOp::compare : StageOp::combine);
    s.step = step.op;
    if (isChoice) s.places[3] = memory(valueOf(step, 0));
    if (isComparison) s.places[0] = step.target;
    source(s, 1, valueOf(step, isChoice ? 1 : 0));
    source(s, 2, valueOf(step, isChoice ? 2 : 1));
    emit(s);
    define(i, !isComparison);
  }

  // A product that only the next step reads, to add it to what is held or subtract one from the other: one stage for both steps.
  bool product(size_t i) {
    if (i + 1 >= group_.steps.size() || held_ == kNothing) return false;
    const Step& first = group_.steps[i];
    const Step& second = group_.steps[i + 1];
    const DType dtype = dtypeOf(first.target);
    if (first.op != StepOp::mul || (second.op != StepOp::add && second.op != StepOp::sub) || dtype != holding_) return false;
    const Value a = valueOf(first, 0), b = valueOf(first, 1), product = resultOf(i);
    if (a == held_ || b == held_ || uses_[at(product)] != 1 || group_.slots[at(first.target)].kind == SlotKind::output) return false;
    const auto read = [&](int k) { return second.sources[at(k)] == first.target ? product : valueOf(second, k); };
    const bool addsTo = read(0) == held_ && read(1) == product, isAddedTo = read(0) == product && read(1) == held_;
    if (!addsTo && !isAddedTo) return false;
    Stage s = stage(second.op == StepOp::add ? StageOp::addProduct : addsTo ? StageOp::subtractProduct : StageOp::productMinus);
    s.places[1] = memory(a);
    s.places[2] = memory(b);
    emit(s);
    current_[at(first.target)] = product;
    define(i + 1, true);
    return true;
  }

  const Fused& group_;
  const std::vector<bool>& gathered_;
  const int32_t slots_;
  std::vector<int32_t> lastWriter_;  // of each slot: the last step that writes it
  std::vector<int> uses_;            // of each value: how often it is read
  std::vector<bool> waits_;          // of each value: whether it is read from memory
  std::vector<Value> current_;       // of each slot: what it holds now
  std::vector<Stage> stages_;
  Value held_ = kNothing;
  DType holding_ = DType::f32;
};

}  // namespace

std::vector<Stage> arrange(const Fused& group, const std::vector<bool>& gathered) { return Arranger(group, gathered).stages(); }

}  // namespace ab
