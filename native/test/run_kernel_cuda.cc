// What the tests of `check_cuda` test: CUDA's kernels, emulated. Instruction sets do not matter to them; a number of threads stands for an order in
// which the threads of a block take turns.
#include "cuda/executor.h"
#include "emulated_plan.h"
#include "run_tape.h"
#include "tensors.h"

namespace ab::test {

const bool kOnEverySet = false;

void runKernel(const Kernel& kernel, const KernelMemory& memory) {
  Kernel numbered = kernel;
  EmulatedBuffers buffers;
  for (size_t i = 0; i < kernel.inputs.size(); i++) {
    const Operand& input = kernel.inputs[i];
    numbered.inputs[i].buffer = buffers.add(const_cast<void*>(memory.inputs[i]), input.shape.size() * bytesOf(input.dtype));
  }
  numbered.output.buffer = buffers.add(memory.output, kernel.output.shape.size() * bytesOf(kernel.output.dtype));
  cuda::Plan plan(buffers.count());
  cuda::lower(numbered, plan);
  simt::options().seed = static_cast<uint64_t>(ThreadPool::instance().threads());
  buffers.run(plan);
}

bool runFused(const Fused& group, const std::vector<void*>& buffers, const std::vector<int64_t>& bytes, Edge) {
  EmulatedBuffers emulated;
  for (size_t i = 0; i < buffers.size(); i++) emulated.add(buffers[i], bytes[i]);
  cuda::Plan plan(emulated.count());
  cuda::lower(group, plan);
  simt::options().seed = static_cast<uint64_t>(ThreadPool::instance().threads());
  emulated.run(plan);
  return true;
}

std::vector<Bytes> runTape(const fuzz::TapeInput& tape, const std::vector<Bytes>& inputs) {
  const cuda::Executable program(tape.words, tape.literals);
  std::vector<cuda::Input> from;
  for (const Bytes& input : inputs) from.push_back({input.data(), nullptr});
  std::vector<Bytes> results;
  for (const auto& array : program.run(from)) {
    results.emplace_back(array->bytes());
    array->read(results.back().data());
  }
  return results;
}

}  // namespace ab::test
