// The decoder: what is well formed runs, everything else is a TapeError that says what is wrong, at no great cost.
#include <chrono>
#include <cmath>
#include <cstdio>

#include "cpu/executor.h"
#include "tape_writer.h"
#include "tensors.h"

namespace {

using namespace ab;
using namespace ab::test;
using fuzz::Outcome;
using fuzz::TapeInput;

constexpr int64_t kVast = int64_t{1} << 50;
// What the decoder takes a number to be at most, and what it says of more: less where addresses have 32 bits.
constexpr bool kWide = sizeof(size_t) == 8;
constexpr int64_t kMost = (int64_t{1} << (kWide ? 53 : 32)) - 1;
constexpr const char* kTooMuch = kWide ? "2^53" : "4 GiB";

// y = x * 2, s = sum of y over the first axis, t = transpose of y; the intermediate y in the arena.
TapeWriter program() {
  TapeWriter t;
  t.inputs = 1, t.outputs = 2, t.arenaLines = 2;
  t.buffers = {{DType::f32, 12}, {DType::f32, 4}, {DType::f32, 12}, {DType::f32, 12, 1}};
  Fused g;
  g.extents = extentsOf({3, 4});
  g.slots = {Slot{SlotKind::operand, DType::f32, 0, 0, extentsOf({4, 1})}, Slot{SlotKind::immediate, DType::f32, -1, 2, {}},
             Slot{SlotKind::output, DType::f32, 3, 0, {}}};
  g.steps = {Step{StepOp::mul, 2, {0, 1, -1}}};
  g.folds = {Fold{FoldOp::sum, 2, 1, 2}};
  t.fused(g);
  t.kernel(Opcode::transpose, {{3, DType::f32, extentsOf({3, 4})}}, {2, DType::f32, extentsOf({4, 3})}, {1, 0});
  return t;
}

void runs() {
  const TapeInput input = program().finish();
  const Executable executable(input.words, input.literals);
  for (const Edge edge : kEdges) {
    const Guarded<float> x({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, edge), sums(4, edge), transposed(12, edge);
    const void* const inputs[] = {x.get()};
    void* const outputs[] = {sums.get(), transposed.get()};
    executable.run(inputs, outputs);
    expect(sums == std::vector<float>{24, 30, 36, 42}, "a program's sum");
    expect(transposed == std::vector<float>{0, 8, 16, 2, 10, 18, 4, 12, 20, 6, 14, 22}, "a program's transpose");
  }
  expect(executable.workingBytes() >= 128, "the arena is counted");
  expect(executable.profile(std::vector<const void*>{Guarded<float>(12, Edge::back).get()}.data(),
                            std::vector<void*>{Guarded<float>(4, Edge::back).get(), Guarded<float>(12, Edge::back).get()}.data())
                 .size() == 2,
         "a time for each instruction");
  expect(std::string(executable.nameOfInstruction(0)) == "fused" && std::string(executable.nameOfInstruction(1)) == "transpose", "names");
}

// What the decoder says.
std::string reasonAgainst(const TapeInput& input) {
  try {
    decodeTape(input.words, input.literals);
    return "it was not refused";
  } catch (const TapeError& error) {
    return error.what();
  }
}

void refused(const char* what, const TapeInput& input, const char* says) {
  const std::string reason = reasonAgainst(input);
  expect(fuzz::tryTape(input) == Outcome::refused && reason.find(says) != std::string::npos, [&] { return std::string(what) + ": " + reason; });
}

// One change of the program each, and a part of what is said about it.
void mistakes() {
  const auto changed = [](auto&& change) {
    TapeWriter t = program();
    change(t);
    return t.finish();
  };
  const auto word = [](size_t at, int32_t value) {
    TapeInput input = program().finish();
    input.words[at] = value;
    return input;
  };
  refused("nothing", {}, "the tape ends here");
  refused("no tape", word(0, 1), "this is no tape");
  refused("another version", word(1, 99), "version 99");
  refused("another length", word(2, 5), "length");
  refused("too many buffers", word(7, 1 << 20), "more buffers");
  refused("a negative count", word(5, -1), "number of inputs");
  refused("inputs beyond the buffers", word(5, 9), "inputs and outputs are buffers too");
  refused("too many instructions", word(8, 3), "the tape ends here");
  refused("too few instructions", word(8, 1), "goes on");
  refused("a vast arena", word(4, INT32_MAX), "wide number");
  refused("a buffer outside", changed([](TapeWriter& t) { t.buffers[3].line = 2; }), "does not lie in the arena");
  refused("an input in the arena", changed([](TapeWriter& t) { t.buffers[0].line = 1; }), "does not lie in the arena");
  refused("a vast buffer", changed([](TapeWriter& t) { t.buffers[3].size = kVast * 8; }), kTooMuch);
  refused("an unknown dtype", changed([](TapeWriter& t) { t.buffers[0].dtype = static_cast<DType>(5); }), "a dtype");
  refused("an unknown opcode", changed([](TapeWriter& t) { t.instructions[0][0] = 19; }), "an opcode");
  refused("a long instruction", changed([](TapeWriter& t) { t.instructions[1][1] = 999; }), "does not fit");
  refused("a short instruction", changed([](TapeWriter& t) { t.instructions[1][1] -= 2; }), "the tape ends here");
  refused("words left over", changed([](TapeWriter& t) {
            t.instructions[1].push_back(0);
            t.instructions[1][1]++;
          }),
          "words too many");
  refused("another rank", changed([](TapeWriter& t) { t.instructions[0][2] = 9; }), "a rank");
  refused("another permutation", changed([](TapeWriter& t) { t.instructions[1][t.instructions[1].size() - 2] = 1; }), "permutation");

  // Fused instructions.
  const auto group = [](auto&& change) {
    TapeWriter t = program();
    Fused g;
    g.extents = extentsOf({3, 4});
    g.slots = {Slot{SlotKind::operand, DType::f32, 0, 0, extentsOf({4, 1})}, Slot{SlotKind::immediate, DType::f32, -1, 2, {}},
               Slot{SlotKind::output, DType::f32, 3, 0, {}}, Slot{SlotKind::scratch, DType::f32, -1, 0, {}}};
    g.steps = {Step{StepOp::mul, 2, {0, 1, -1}}};
    g.folds = {Fold{FoldOp::sum, 2, 1, 2}};
    change(t, g);
    t.instructions.clear();
    t.fused(g);
    return t.finish();
  };
  refused("a stride beyond", group([](TapeWriter&, Fused& g) { g.slots[0].strides[0] = 5; }), "reads element 13 of 12");
  refused("a vast stride", group([](TapeWriter&, Fused& g) { g.slots[0].strides[0] = int64_t{1} << 53; }), kTooMuch);
  refused("an output of another size", group([](TapeWriter& t, Fused&) { t.buffers[3].size = 13; }), "as many elements");
  refused("an output that is an input", group([](TapeWriter&, Fused& g) { g.slots[2].buffer = 0; }), "cannot be written");
  refused("a target that is only read", group([](TapeWriter&, Fused& g) { g.steps[0].target = 0; }), "only read");
  refused("an unwritten source", group([](TapeWriter&, Fused& g) { g.steps[0].sources[1] = 3; }), "slot 3 is read before");
  refused("an unwritten fold", group([](TapeWriter&, Fused& g) { g.folds[0].source = 3; }), "slot 3 is read before");
  refused("a third source", group([](TapeWriter&, Fused& g) { g.steps[0].sources[2] = 1; }), "mul reads 2 sources");
  refused("a source beyond", group([](TapeWriter&, Fused& g) { g.steps[0].sources[0] = 4; }), "a source slot");
  refused("other dtypes", group([](TapeWriter&, Fused& g) { g.steps[0].op = StepOp::logicalAnd; }), "not defined for these dtypes");
  refused("a mask beyond the rank", group([](TapeWriter&, Fused& g) { g.folds[0].kept = 4; }), "a mask of axes");
  refused("another fold", group([](TapeWriter&, Fused& g) { g.folds[0].kept = 1; }), "as many elements as the axes");
  refused("two results in one place", group([](TapeWriter& t, Fused& g) {
            t.buffers[1] = {DType::f32, 12};
            g.folds[0] = Fold{FoldOp::sum, 2, 3, 3};
          }),
          "lie on each other");
  refused("an operand out of step", group([](TapeWriter&, Fused& g) {
            g.slots[0].buffer = 3;
            g.slots[0].strides = extentsOf({1, 3});
          }),
          "not in step");

  // Kernels.
  const auto kernel = [](Opcode op, std::vector<std::vector<int64_t>> inputs, std::vector<int64_t> output, std::vector<int64_t> params,
                         DType dtype = DType::f32, DType first = DType::f32) {
    TapeWriter t;
    std::vector<Operand> operands;
    for (const auto& shape : inputs) {
      const Extents e = extentsOf(shape);
      const DType type = operands.empty() ? first : dtype;
      operands.push_back({t.inputs++, type, e});
      t.buffers.push_back({type, e.size()});
    }
    t.outputs = 1;
    t.buffers.push_back({dtype, extentsOf(output).size()});
    t.kernel(op, operands, {t.inputs, dtype, extentsOf(output)}, params);
    return t.finish();
  };
  refused("a slice beyond", kernel(Opcode::slice, {{5}}, {3}, {1, 2}), "reads beyond");
  refused("a slice far beyond", kernel(Opcode::slice, {{5}}, {2}, {1, kVast * 8}), kTooMuch);
  refused("no stride", kernel(Opcode::slice, {{5}}, {3}, {1, 0}), "strides must be at least 1");
  refused("another pad", kernel(Opcode::pad, {{5}}, {9}, {1, 1, 1}), "another shape");
  refused("no parts", kernel(Opcode::concatenate, {}, {3}, {0}), "another number of inputs");
  refused("an axis beyond", kernel(Opcode::concatenate, {{3}}, {3}, {1}), "the axis is out of range");
  refused("another part", kernel(Opcode::concatenate, {{3, 2}, {2, 3}}, {6, 2}, {0}), "along the axis only");
  refused("reverse beyond", kernel(Opcode::reverse, {{3}}, {3}, {1}), "out of range");
  refused("iota of nothing", kernel(Opcode::iota, {}, {}, {0}), "out of range");
  refused("argmax of nothing", kernel(Opcode::argmax, {{3, 0}}, {3}, {1}, DType::i32), "no largest of nothing");
  refused("a product of vectors", kernel(Opcode::dot, {{3}, {3}}, {1}, {0, 0}), "needs matrices");
  refused("extents that differ", kernel(Opcode::dot, {{3, 4}, {5, 6}}, {3, 6}, {0, 0}), "extents must agree");
  refused("a flag of 2", kernel(Opcode::dot, {{3, 4}, {4, 6}}, {3, 6}, {0, 2}), "two flags");
  refused("stride 0", kernel(Opcode::conv2d, {{1, 3, 3, 1}, {3, 3, 1, 1}}, {1, 1, 1, 1}, {0, 1, 0, 0, 0, 0, 1, 1, 1, 0}), "at least 1");
  refused("no groups", kernel(Opcode::conv2d, {{1, 3, 3, 1}, {3, 3, 1, 1}}, {1, 1, 1, 1}, {1, 1, 0, 0, 0, 0, 1, 1, 0, 0}), "channels and groups");
  refused("another geometry", kernel(Opcode::conv2d, {{1, 3, 3, 1}, {3, 3, 1, 1}}, {1, 2, 1, 1}, {1, 1, 0, 0, 0, 0, 1, 1, 1, 0}), "fit the geometry");
  refused("vast padding",
          kernel(Opcode::conv2d, {{1, 3, 3, 1}, {3, 3, 1, 1}}, {1, 2, 2, 1}, {kVast, kVast, kVast, 0, kVast, 0, 1, 1, 1, 0}), kTooMuch);
  refused("large padding",
          kernel(Opcode::conv2d, {{1, 3, 3, 1}, {3, 3, 1, 1}}, {1, 2, 2, 1}, {1 << 21, 1 << 21, 1 << 21, 0, 1 << 21, 0, 1, 1, 1, 0}),
          kWide ? "padded image is too large" : kTooMuch);
  refused("more terms than can be counted",
          kernel(Opcode::conv2d, {{1 << 20, 1, 1, 1 << 20}, {1, 1, 1 << 20, 1 << 20}}, {1 << 20, 1, 1, 1 << 20}, {1, 1, 0, 0, 0, 0, 1, 1, 1, 0}),
          kTooMuch);
  // Winograd's algorithm, and shapes that it is not for.
  const std::vector<int64_t> image = {1, 4, 4, 2}, smaller = {1, 2, 2, 2}, taps = {3, 3, 2, 2};
  const char* const rule = "for f32, 3 x 3 filters, stride 1, dilation 1 and one group";
  refused("another algorithm", kernel(Opcode::conv2d, {image, taps}, smaller, {1, 1, 0, 0, 0, 0, 1, 1, 1, 3}), "no such algorithm");
  for (const int64_t algorithm : {1, 2}) {
    expect(fuzz::tryTape(kernel(Opcode::conv2d, {image, taps}, smaller, {1, 1, 0, 0, 0, 0, 1, 1, 1, algorithm})) == Outcome::ran, "squares");
    expect(fuzz::tryTape(kernel(Opcode::conv2dInputGrad, {smaller, taps}, image, {1, 1, 0, 0, 0, 0, 1, 1, 1, algorithm})) == Outcome::ran, "squares");
    expect(fuzz::tryTape(kernel(Opcode::conv2dFilterGrad, {image, smaller}, taps, {1, 1, 0, 0, 0, 0, 1, 1, 1, algorithm})) == Outcome::ran, "squares");
    const std::vector<int64_t> five = {1, 5, 5, 2}, three = {1, 3, 3, 2}, one = {1, 1, 1, 2};
    refused("squares, stride", kernel(Opcode::conv2d, {five, taps}, smaller, {2, 2, 0, 0, 0, 0, 1, 1, 1, algorithm}), rule);
    refused("squares, dilation", kernel(Opcode::conv2d, {five, taps}, one, {1, 1, 0, 0, 0, 0, 2, 2, 1, algorithm}), rule);
    refused("squares, filter", kernel(Opcode::conv2d, {image, {2, 2, 2, 2}}, three, {1, 1, 0, 0, 0, 0, 1, 1, 1, algorithm}), rule);
    refused("squares, groups", kernel(Opcode::conv2d, {image, {3, 3, 1, 2}}, smaller, {1, 1, 0, 0, 0, 0, 1, 1, 2, algorithm}), rule);
    refused("squares, f64", kernel(Opcode::conv2d, {image, taps}, smaller, {1, 1, 0, 0, 0, 0, 1, 1, 1, algorithm}, DType::f64, DType::f64),
            rule);
  }
  refused("padding beyond the window", kernel(Opcode::windowSum, {{1, 4, 4, 1}}, {1, 4, 3, 1}, {2, 2, 1, 1, 2, 0, 0, 0}), "smaller than the window");
  refused("a vast window", kernel(Opcode::windowSum, {{1, 4, 4, 1}}, {1, 1, 1, 1}, {kVast, kVast, 1, 1, kVast - 4, 0, kVast - 4, 0}), kTooMuch);
  refused("positions of floats", kernel(Opcode::planeTake, {{1, 2, 2, 1}, {1, 4, 4, 1}}, {1, 2, 2, 1}, {}), "positions must be i32");
  refused("rows of another width", kernel(Opcode::takeRows, {{3}, {5, 2}}, {3, 3}, {}, DType::f32, DType::i32), "extents must agree");
  refused("sums of bools", kernel(Opcode::addRows, {{3}, {3, 2}}, {5, 2}, {}, DType::boolean, DType::i32), "bool has no arithmetic");
}

// Programs that are odd but right, each of which once took all memory, forever, or a signal.
void oddities() {
  const auto ran = [](const char* what, const TapeInput& input, Outcome wanted = Outcome::ran) {
    expect(fuzz::tryTape(input) == wanted, [&] { return std::string(what) + ": " + reasonAgainst(input); });
  };
  // Sums over an axis without elements, beside axes long enough to divide and longer than any memory.
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{0, 5000}, {5000, 0}, {0}, {3, 0, 2000}, {3, 2000, 0}, {kMost >> 3, 0}, {0, kMost >> 3}})
    for (uint32_t kept = 0; kept < (1u << shape.size()); kept++)
      for (const FoldOp op : {FoldOp::sum, FoldOp::max}) {
        TapeWriter t;
        t.inputs = 1, t.outputs = 1;
        Fused g;
        g.extents = extentsOf(shape);
        int64_t results = 1;
        for (int i = 0; i < g.extents.rank; i++)
          if (kept >> i & 1) results *= g.extents[i];
        t.buffers = {{DType::f32, 0}, {DType::f32, results}};
        Slot operand{SlotKind::operand, DType::f32, 0, 0, rowMajor(g.extents)};
        g.slots = {operand, Slot{SlotKind::scratch, DType::f32, -1, 0, {}}};
        g.steps = {Step{StepOp::exp, 1, {0, -1, -1}}};
        g.folds = {Fold{op, 1, 1, kept}};
        t.fused(g);
        const TapeInput input = t.finish();
        if (results > 100000) {
          ran("a fold of nothing into much", input, Outcome::built);
          continue;
        }
        const Executable executable(input.words, input.literals);
        Guarded<float> result(std::vector<float>(size_t(results), 77), Edge::back);
        const void* const inputs[] = {nullptr};
        void* const outputs[] = {result.get()};
        std::vector<float> want(size_t(results), op == FoldOp::sum ? 0.0f : -INFINITY);
        executable.run(inputs, outputs);
        expect(result == want, "a fold of nothing");
      }
  // Convolutions whose strides no image is as long as; times a row of the image, the largest of them is beyond 2^63.
  for (const int64_t stride : {int64_t{5}, int64_t{1} << 20, kMost})
    for (const Opcode op : {Opcode::conv2d, Opcode::conv2dInputGrad, Opcode::conv2dFilterGrad}) {
      TapeWriter t;
      t.inputs = 2, t.outputs = 1;
      const int64_t width = stride == kMost ? 600 : 4;
      const Extents x = extentsOf({1, 4, width, 2}), f = extentsOf({3, 3, 2, 3}), y = extentsOf({1, 1, 1, 3});
      const Extents& a = op == Opcode::conv2dInputGrad ? y : x;
      const Extents& b = op == Opcode::conv2dFilterGrad ? y : f;
      const Extents& out = op == Opcode::conv2d ? y : op == Opcode::conv2dInputGrad ? x : f;
      t.buffers = {{DType::f32, a.size()}, {DType::f32, b.size()}, {DType::f32, out.size()}};
      t.kernel(op, {{0, DType::f32, a}, {1, DType::f32, b}}, {2, DType::f32, out}, {stride, stride, 0, 0, 0, 0, 1, 1, 1, 0});
      ran("a long stride", t.finish());
    }
  // A sweep whose work is more than can be counted is refused at once.
  TapeWriter t;
  t.outputs = 1;
  t.buffers = {{DType::f64, 1}};
  Fused g;
  g.extents = extentsOf({1 << 20, 1 << 20, 1 << 13});
  g.slots = {Slot{SlotKind::immediate, DType::f64, -1, 1, {}}, Slot{SlotKind::scratch, DType::f64, -1, 0, {}}};
  for (int i = 0; i < 500; i++) g.steps.push_back(Step{StepOp::sin, 1, {0, -1, -1}});
  g.folds = {Fold{FoldOp::sum, 1, 0, 0}};
  t.fused(g);
  ran("a vast sweep", t.finish(), Outcome::refused);
}

// At every length short of the whole, and with any one word changed: an error or a run.
void damage() {
  for (const auto& [name, whole] : fuzz::readFolder(AB_CORPUS)) {
    expect(fuzz::tryTape(whole) != Outcome::refused, name + " is well formed");
    const size_t step = 1 + whole.words.size() / (AB_CHECK_EVERY > 1 ? 20 : 400);
    for (size_t length = 0; length < whole.words.size(); length += step) {
      TapeInput cut = whole;
      cut.words.resize(length);
      if (length > 2) cut.words[2] = static_cast<int32_t>(length);
      expect(fuzz::tryTape(cut) == Outcome::refused, [&, name = name] { return name + " cut at " + std::to_string(length); });
    }
    for (size_t at = 0; at < whole.words.size(); at += step)
      for (const int32_t value : {-1, 0, 1, 7, 1 << 20, INT32_MAX, INT32_MIN}) {
        TapeInput changed = whole;
        changed.words[at] = value;
        const auto start = std::chrono::steady_clock::now();
        fuzz::tryTape(changed);
        expect(std::chrono::steady_clock::now() - start < std::chrono::seconds(5), "a changed word takes no time");
      }
  }
}

}  // namespace

int main() {
  forEachIsa([] { runs(); });
  mistakes();
  oddities();
  damage();
  return finish();
}
