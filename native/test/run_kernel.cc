// What the tests of `check` test: the kernels of the CPU.
#include "cpu/fused.h"
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

}  // namespace ab::test
