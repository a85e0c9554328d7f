// What the tests of `check` test: the kernels of the CPU.
#include "cpu/executor.h"
#include "cpu/fused.h"
#include "run_tape.h"
#include "tensors.h"

namespace ab::test {

const bool kOnEverySet = true;

void runKernel(const Kernel& kernel, const KernelMemory& memory) { runByOpcode(kernel, memory); }

bool runFused(const Fused& group, const std::vector<void*>& buffers, const std::vector<int64_t>&, Edge edge) {
  const Sweep sweep(group);
  const GuardedBytes workspace(sweep.workspaceBytes(), edge);
  sweep.run(buffers.data(), workspace.data());
  return workspace.intact();
}

std::vector<Bytes> runTape(const fuzz::TapeInput& tape, const std::vector<Bytes>& inputs) {
  const Executable program(tape.words, tape.literals);
  std::vector<const void*> from;
  std::vector<Bytes> results;
  std::vector<void*> to;
  for (const Bytes& input : inputs) from.push_back(input.data());
  for (int i = 0; i < program.outputs(); i++) results.emplace_back(static_cast<size_t>(program.output(i).bytes()));
  for (Bytes& result : results) to.push_back(result.data());
  program.run(from.data(), to.data());
  return results;
}

}  // namespace ab::test
