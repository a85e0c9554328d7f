// What is wrong must be found: kernels that break a rule of the model, and the kernels that ship with each of their barriers taken away in turn.
#include <functional>
#include <set>

#include "cuda/simt.cuh"
#include "emulated_plan.h"
#include "tensors.h"

namespace {

using namespace ab;
using namespace ab::test;
using cuda::load;
using cuda::store;

// Whether the run faults, and its message says `why`.
bool faults(const std::function<void()>& run, const std::string& why) {
  try {
    run();
  } catch (const simt::Fault& fault) {
    if (std::string(fault.what()).find(why) != std::string::npos) return true;
    report(std::string("another fault: ") + fault.what());
  }
  return false;
}

// Kernels for 64 threads that hand on a number to their neighbour.
void handOn(const float* from, float* to, bool barrier) {
  AB_SHARED(float, shared, 64);
  const int i = static_cast<int>(threadIdx.x);
  store(shared + i, load(from + i));
  if (barrier) __syncthreads();
  store(to + i, load(shared + (i + 1) % 64));
}
void oneTooFar(const float* from, float* to, int n) {
  const int i = static_cast<int>(threadIdx.x);
  if (i <= n) store(to + i, load(from + i));
}
void withoutReturn(const float* from, float* to) { store(to + threadIdx.x, load(from + threadIdx.x)); }
void returnsEarly(const float* from, float* to, int n) {
  AB_SHARED(float, shared, 64);
  const int i = static_cast<int>(threadIdx.x);
  if (i >= n) return;
  store(shared + i, load(from + i));
  __syncthreads();
  store(to + i, load(shared + i));
}
void twoBarriers() {
  if (threadIdx.x < 32) __syncthreads();
  else __syncthreads();
}
void brokenWarp(float* to) {
  if (threadIdx.x == 3) return;
  store(to + threadIdx.x, __shfl_down_sync(0xffffffffu, 1.0f, 1));
}
void neverWritten(float* to) {
  AB_SHARED(float, shared, 64);
  store(to + threadIdx.x, load(shared + threadIdx.x));
}
void allWriteOne(float* to) { store(to, 1.0f); }
void crooked(const float* from, float* to) { store(reinterpret_cast<cuda::Four<float>*>(to + 1), load(reinterpret_cast<const cuda::Four<float>*>(from))); }

void brokenKernels() {
  std::vector<float> from(65, 1.0f), to(65);
  simt::registerMemory(from.data(), 60 * sizeof(float));
  simt::registerMemory(to.data(), 60 * sizeof(float));
  std::vector<float> whole(64, 1.0f), result(64);
  simt::registerMemory(whole.data(), 64 * sizeof(float));
  simt::registerMemory(result.data(), 64 * sizeof(float));
  const auto on = [](const std::function<void()>& body) { return [body] { simt::runGrid({1, 1, 1}, {64, 1, 1}, body); }; };
  on([&] { handOn(whole.data(), result.data(), true); })();
  expect(result == whole, "a kernel that is right");
  expect(faults(on([&] { handOn(whole.data(), result.data(), false); }), "shared memory"), "a missing barrier");
  expect(faults(on([&] { oneTooFar(from.data(), to.data(), 60); }), "outside of every allocation"), "an end that is off by one");
  expect(faults(on([&] { withoutReturn(from.data(), to.data()); }), "outside of every allocation"), "an early return that was dropped");
  expect(faults(on([&] { returnsEarly(whole.data(), result.data(), 60); }), "ended before this barrier"), "an early return before a barrier");
  expect(faults(on([&] { twoBarriers(); }), "waits at another barrier"), "threads at two barriers");
  expect(faults(on([&] { brokenWarp(result.data()); }), "not all lanes"), "a shuffle without one of its lanes");
  expect(faults(on([&] { neverWritten(result.data()); }), "before it is written"), "shared memory that nobody wrote");
  expect(faults(on([&] { allWriteOne(result.data()); }), "two threads of a launch write one place"), "a race for one result");
  expect(faults(on([&] { crooked(whole.data(), result.data()); }), "not aligned"), "an access that is not aligned");
  for (const void* const each : {from.data(), to.data(), whole.data(), result.data()}) simt::forgetMemory(const_cast<void*>(each));
}

Tensor zeros(const std::vector<int64_t>& shape) {
  return {DType::f32, extentsOf(shape), std::vector<double>(static_cast<size_t>(extentsOf(shape).size()))};
}

// The kernels that have barriers, each run as the executor would run it.
struct Shipped {
  const char* name;
  std::function<void()> run;
};

void runZeros(Opcode op, const std::vector<Tensor>& inputs, const std::vector<int64_t>& params, const std::vector<int64_t>& output) {
  checkKernel(op, inputs, params, zeros(output));
}

const Shipped kShipped[] = {
    {"product", [] { runZeros(Opcode::dot, {zeros({40, 70}), zeros({70, 40})}, {0, 0}, {40, 40}); }},
    {"transpose", [] { runZeros(Opcode::transpose, {zeros({40, 70})}, {1, 0}, {70, 40}); }},
    {"addRows",
     [] {
       Tensor index{DType::i32, extentsOf({600}), std::vector<double>(600)};
       runZeros(Opcode::addRows, {index, zeros({600, 3})}, {}, {5, 3});
     }},
    {"sweep",
     [] {
       Fused g;
       g.extents = extentsOf({3000});
       g.slots = {Slot{SlotKind::operand, DType::f32, 0, 0, extentsOf({1})}};
       g.folds = {Fold{FoldOp::sum, 0, 1, 0}, Fold{FoldOp::max, 0, 2, 0}};
       std::vector<float> x(3000, 1.0f), sum(1), most(1);
       runFused(g, {x.data(), sum.data(), most.data()}, {12000, 4, 4}, Edge::back);
       expect(sum[0] == 3000 && most[0] == 1, "a sum and a maximum");
     }},
};

void everyBarrier() {
  int64_t tried = 0;
  for (const Shipped& each : kShipped) {
    simt::clearCounts();
    simt::options().counting = true;
    each.run();
    const std::vector<simt::Site> sites = simt::barriers();
    simt::options().counting = false;
    expect(!sites.empty(), std::string(each.name) + " has barriers");
    for (const simt::Site& site : sites) {
      simt::options().withoutBarrier = site;
      expect(faults(each.run, "shared memory"), std::string(each.name) + " without the barrier at " + site.text());
      simt::options().withoutBarrier.reset();
      tried++;
    }
  }
  std::printf("%lld barriers taken away\n", static_cast<long long>(tried));
}

}  // namespace

int main() {
  brokenKernels();
  everyBarrier();
  return finish();
}
