// How the steps of a sweep become stages: what is handed on in registers, what is stored, and which steps share a stage.
#include "tensors.h"
#include "cpu/chain.h"

namespace {

using namespace ab;
using namespace ab::test;

constexpr DType f32 = DType::f32, f64 = DType::f64;

struct Group {
  Fused fused;

  int32_t slot(SlotKind kind, DType dtype = f32) {
    fused.slots.push_back({kind, dtype, 0, 0, {}});
    return static_cast<int32_t>(fused.slots.size()) - 1;
  }
  int32_t operand(DType dtype = f32) { return slot(SlotKind::operand, dtype); }
  int32_t step(StepOp op, std::array<int32_t, 3> sources, SlotKind kind = SlotKind::scratch, DType dtype = f32) {
    const int32_t target = slot(kind, dtype);
    fused.steps.push_back({op, target, sources});
    return target;
  }
  void fold(int32_t source) { fused.folds.push_back({FoldOp::sum, source, 0, 0}); }
};

// A stage as text: its operation, then target < sources, of which h is what is held.
std::string textOf(const Stage& stage) {
  static const char* const names[] = {"load", "store", "", "", "", "", "addProduct", "subtractProduct", "productMinus", "gather", "call ", "gatherCall", "turn", "end"};
  std::string text = names[static_cast<int>(stage.op)];
  const bool named = stage.op == StageOp::apply || stage.op == StageOp::combine || stage.op == StageOp::compare || stage.op == StageOp::choose;
  if (named || stage.op == StageOp::call) text += nameOf(stage.step);
  const auto place = [&](size_t k) { return stage.places[k] < 0 ? std::string() : " " + std::to_string(stage.places[k]); };
  return text + place(0) + (stage.aHeld ? " h" : place(1)) + (stage.bHeld ? " h" : place(2)) + place(3);
}

void checkStages(const char* what, const Group& group, const std::vector<std::string>& want, std::vector<bool> gathered = {}) {
  gathered.resize(group.fused.folds.size(), true);
  std::vector<std::string> got;
  for (const Stage& stage : arrange(group.fused, gathered)) got.push_back(textOf(stage));
  expect(got == want, [&] {
    std::string text = what;
    for (const std::string& stage : got) text += "; " + stage;
    return text;
  });
}

void check() {
  {
    Group g;  // relu(x a + b): 0 x, 1 a, 2 b, 3 zero
    const int32_t x = g.operand(), a = g.operand(), b = g.operand(), zero = g.slot(SlotKind::immediate);
    const int32_t product = g.step(StepOp::mul, {x, a, -1});
    const int32_t sum = g.step(StepOp::add, {product, b, -1});
    const int32_t mask = g.step(StepOp::lessEqual, {sum, zero, -1}, SlotKind::scratch, DType::boolean);
    g.step(StepOp::select, {mask, zero, sum}, SlotKind::output);
    checkStages("nothing waits but the mask", g, {"mul 0 1", "add h 2", "lessEqual 6 h 3", "select 3 h 6", "store 7", "end"});
  }
  {
    Group g;  // x a + y b - z c, then c z - that
    const int32_t x = g.operand(), a = g.operand(), y = g.operand(), b = g.operand(), z = g.operand(), c = g.operand();
    const int32_t one = g.step(StepOp::mul, {x, a, -1});
    const int32_t two = g.step(StepOp::mul, {y, b, -1});
    const int32_t sum = g.step(StepOp::add, {two, one, -1});
    const int32_t three = g.step(StepOp::mul, {z, c, -1});
    const int32_t difference = g.step(StepOp::sub, {sum, three, -1});
    const int32_t four = g.step(StepOp::mul, {c, z, -1});
    g.step(StepOp::sub, {four, difference, -1}, SlotKind::output);
    checkStages("products share a stage", g, {"mul 0 1", "addProduct 2 3", "subtractProduct 4 5", "productMinus 5 4", "store 12", "end"});
  }
  {
    Group g;  // The product is read twice, or is a result: it has to be stored.
    const int32_t x = g.operand(), a = g.operand();
    const int32_t negative = g.step(StepOp::neg, {x, -1, -1});
    const int32_t product = g.step(StepOp::mul, {x, a, -1});
    const int32_t sum = g.step(StepOp::add, {negative, product, -1});
    g.step(StepOp::mul, {sum, product, -1}, SlotKind::output);
    checkStages("a product that is read twice", g, {"load 0", "neg", "store 2", "mul 0 1", "store 3", "add 2 h", "mul h 3", "store 5", "end"});
  }
  {
    Group g;  // sums of d and of d d, d = x - c
    const int32_t x = g.operand(), c = g.operand();
    const int32_t d = g.step(StepOp::sub, {x, c, -1});
    const int32_t square = g.step(StepOp::mul, {d, d, -1});
    g.fold(d);
    g.fold(square);
    g.fold(x);
    checkStages("folds take what is held", g, {"load 0", "gather 6", "sub h 1", "gather 4", "mul h h", "gather 5", "end"});
    checkStages("folds of rows find it in memory", g, {"load 0", "gather 6", "sub h 1", "store 2", "mul h h", "store 3", "end"}, {false, false, true});
  }
  {
    Group g;  // A scratch slot used for two values, the first of which waits.
    const int32_t x = g.operand(), y = g.operand();
    const int32_t t = g.step(StepOp::add, {x, y, -1});
    g.step(StepOp::sub, {x, y, -1});
    g.fused.steps.push_back({StepOp::mul, t, {t, t, -1}});
    g.fused.steps.push_back({StepOp::maximum, g.slot(SlotKind::output), {t, x, -1}});
    checkStages("a slot with two values", g, {"add 0 1", "store 2", "sub 0 1", "mul 2 2", "maximum h 0", "store 4", "end"});
  }
  {
    Group g;  // Calls find and leave everything in memory; the two types of floats take turns.
    const int32_t x = g.operand(), y = g.operand(f64);
    const int32_t e = g.step(StepOp::exp, {x, -1, -1});
    const int32_t doubled = g.step(StepOp::add, {e, e, -1});
    const int32_t wide = g.step(StepOp::convert, {doubled, -1, -1}, SlotKind::scratch, f64);
    const int32_t sum = g.step(StepOp::add, {wide, y, -1}, SlotKind::output, f64);
    g.fold(doubled);
    g.fold(sum);
    checkStages("calls and turns", g,
                {"call exp 2 0", "add 2 2", "store 3", "gather 6", "call convert 4 3", "turn", "add 4 1", "store 5", "gather 7", "end"});
  }
  {
    Group g;
    const int32_t i = g.operand(DType::i32), j = g.operand(DType::i32);
    g.fold(g.step(StepOp::add, {i, j, -1}, SlotKind::scratch, DType::i32));
    checkStages("integers are called", g, {"call add 2 0 1", "gatherCall 3 2", "end"});
  }
  {
    Group g;
    g.step(StepOp::copy, {g.operand(), -1, -1}, SlotKind::output);
    checkStages("a copy", g, {"load 0", "store 1", "end"});
  }
}

}  // namespace

int main() {
  check();
  return finish();
}
