// What CUDA's kernels would move: of every line that touches memory, how many sectors of 32 bytes a warp's access takes beside the fewest
// possible, and how many passes the banks of shared memory take beside one for each. A change that breaks coalescing fails here.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "cuda/movement.cuh"
#include "emulated_plan.h"
#include "tensors.h"

namespace {

using namespace ab;
using namespace ab::test;

// The most that a kind of access may take, against the fewest possible.
struct Bounds {
  double loads = 1, stores = 1, shared = 1;
};

void hold(const std::string& what, const Bounds& bounds) {
  int64_t lines = 0;
  for (const simt::Traffic& each : simt::traffic()) {
    const bool shared = each.space == simt::Space::shared;
    const double ratio = static_cast<double>(shared ? each.phases : each.sectors) / static_cast<double>(each.ideal);
    if (std::getenv("AB_TRAFFIC") != nullptr) {
      std::printf("%-22s %-20s %-6s %-5s %8lld requests %5.2f\n", what.c_str(), each.site.text().c_str(), shared ? "shared" : "global",
                  each.store ? "store" : "load", static_cast<long long>(each.requests), ratio);
    }
    const double most = shared ? bounds.shared : each.store ? bounds.stores : bounds.loads;
    expect(ratio <= most + 1e-9, [&] {
      return what + ": " + each.site.text() + " takes " + std::to_string(ratio) + " times the fewest " + (shared ? "passes" : "sectors") + ", more than " +
             std::to_string(most);
    });
    lines++;
  }
  expect(lines > 0, what + ": nothing was counted");
}

Tensor zeros(DType dtype, const std::vector<int64_t>& shape) {
  return {dtype, extentsOf(shape), std::vector<double>(static_cast<size_t>(extentsOf(shape).size()))};
}

void kernel(const std::string& what, Opcode op, const std::vector<Tensor>& inputs, const std::vector<int64_t>& params, const Tensor& output,
            const Bounds& bounds) {
  Kernel k;
  k.op = op;
  k.params = params;
  k.output = {0, output.dtype, output.shape};
  // Memory begins at a sector, as a device's allocations do.
  std::vector<std::vector<double>> memory;
  std::vector<const void*> sources;
  const auto room = [&](const Tensor& t) {
    memory.emplace_back(static_cast<size_t>(t.shape.size() * bytesOf(t.dtype)) / 8 + 64);
    return reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(memory.back().data()) + 255) / 256 * 256);
  };
  for (const Tensor& input : inputs) {
    k.inputs.push_back({0, input.dtype, input.shape});
    void* const to = room(input);
    pack(input.dtype, input.values, to);
    sources.push_back(to);
  }
  validateKernel(k);
  void* const to = room(output);
  simt::clearCounts();
  simt::options().counting = true;
  runKernel(k, {sources.data(), to});
  simt::options().counting = false;
  hold(what, bounds);
}

void sweep(const std::string& what, const Fused& group, const std::vector<int64_t>& sizes, const Bounds& bounds) {
  std::vector<std::vector<double>> memory;
  std::vector<void*> buffers;
  std::vector<int64_t> bytes;
  for (const int64_t size : sizes) {
    memory.emplace_back(static_cast<size_t>(size) / 2 + 64);
    buffers.push_back(reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(memory.back().data()) + 255) / 256 * 256));
    bytes.push_back(size * 4);
  }
  simt::clearCounts();
  simt::options().counting = true;
  runFused(group, buffers, bytes, Edge::back);
  simt::options().counting = false;
  hold(what, bounds);
}

void products() {
  const auto square = [](int64_t n) { return zeros(DType::f32, {n, n}); };
  // Along the depth a slice is turned on its way to shared memory, where two columns of four meet in a bank.
  kernel("A B", Opcode::dot, {square(64), square(64)}, {0, 0}, square(64), {1, 1, 2});
  kernel("A' B", Opcode::dot, {square(64), square(64)}, {1, 0}, square(64), {1, 1, 1});
  kernel("A B'", Opcode::dot, {square(64), square(64)}, {0, 1}, square(64), {1, 1, 2});
  kernel("A B in f64", Opcode::dot, {zeros(DType::f64, {64, 64}), zeros(DType::f64, {64, 64})}, {0, 0}, zeros(DType::f64, {64, 64}), {1, 1, 4});
}

void convolutions() {
  const Tensor x = zeros(DType::f32, {2, 8, 8, 16}), f = zeros(DType::f32, {3, 3, 16, 16}), y = x;
  const std::vector<int64_t> params{1, 1, 1, 1, 1, 1, 1, 1, 1, 0};
  kernel("conv2d", Opcode::conv2d, {x, f}, params, y, {1, 1, 2});
  kernel("conv2dInputGrad", Opcode::conv2dInputGrad, {y, f}, params, x, {1, 1, 2});
  kernel("conv2dFilterGrad", Opcode::conv2dFilterGrad, {x, y}, params, f, {1, 1, 2});
}

void movements() {
  kernel("transpose", Opcode::transpose, {zeros(DType::f32, {96, 64})}, {1, 0}, zeros(DType::f32, {64, 96}), {1, 1, 1});
  kernel("slice", Opcode::slice, {zeros(DType::f32, {64, 64})}, {0, 0, 2, 1}, zeros(DType::f32, {32, 64}), {1, 1, 1});
  kernel("maxPool", Opcode::windowArgmax, {zeros(DType::f32, {2, 8, 8, 16})}, {2, 2, 2, 2, 0, 0, 0, 0}, zeros(DType::i32, {2, 4, 4, 16}), {1, 1, 1});
  kernel("argmax", Opcode::argmax, {zeros(DType::f32, {64, 64})}, {1}, zeros(DType::i32, {64}), {1, 1, 1});
  kernel("takeRows", Opcode::takeRows, {zeros(DType::i32, {32}), zeros(DType::f32, {10, 64})}, {}, zeros(DType::f32, {32, 64}), {1, 1, 1});
  kernel("addRows", Opcode::addRows, {zeros(DType::i32, {64}), zeros(DType::f32, {64, 64})}, {}, zeros(DType::f32, {10, 64}), {1, 1, 1});
}

// The counters themselves: a transposition element by element, whose columns lie a row apart, takes a sector for each.
void scattered() {
  constexpr int kRows = 64, kColumns = 64;
  std::vector<float> from(kRows * kColumns, 1.0f), to(from.size());
  EmulatedBuffers buffers;
  cuda::Views views;
  views.rank = 2;
  views.size = kRows * kColumns;
  views.extents[0] = cuda::Divisor(kColumns);
  views.extents[1] = cuda::Divisor(kRows);
  views.to[0] = kRows;
  views.to[1] = 1;
  views.from[0] = 1;
  views.from[1] = kColumns;
  views.fromBuffer = buffers.add(from.data(), kRows * kColumns * 4);
  views.toBuffer = buffers.add(to.data(), kRows * kColumns * 4);
  cuda::Plan plan(buffers.count());
  plan.launch(kRows * kColumns / 256, 1, 256, cuda::copyViews<float>, views);
  simt::clearCounts();
  simt::options().counting = true;
  buffers.run(plan);
  simt::options().counting = false;
  double worst = 0;
  for (const simt::Traffic& each : simt::traffic())
    worst = std::max(worst, static_cast<double>(each.sectors) / static_cast<double>(std::max<int64_t>(each.ideal, 1)));
  expect(worst == 8, "a transposition without shared memory takes eight times the sectors, got " + std::to_string(worst));
}

void sweeps() {
  Fused g;
  g.extents = extentsOf({64, 128});
  const Slot x{SlotKind::operand, DType::f32, 0, 0, extentsOf({128, 1})}, row{SlotKind::operand, DType::f32, 1, 0, extentsOf({0, 1})};
  g.slots = {x, row, Slot{SlotKind::output, DType::f32, 2, 0, {}}};
  g.steps = {Step{StepOp::add, 2, {0, 1, -1}}};
  sweep("x + row", g, {8192, 128, 8192}, {1, 1, 1});
  g.folds = {Fold{FoldOp::sum, 2, 3, 1}};
  sweep("sums of rows", g, {8192, 128, 8192, 64}, {1, 1, 1});
  g.folds = {Fold{FoldOp::sum, 2, 3, 2}};
  sweep("sums of columns", g, {8192, 128, 8192, 128}, {1, 1, 1});
  g.folds = {Fold{FoldOp::sum, 2, 3, 0}};
  sweep("sum of all", g, {8192, 128, 8192, 1}, {1, 1, 1});
}

}  // namespace

int main() {
  products();
  convolutions();
  movements();
  scattered();
  sweeps();
  return finish();
}
