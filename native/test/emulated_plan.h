// Runs a plan on memory of the host that counts as a device's.
#pragma once

#include <cuda_runtime.h>

#include <vector>

#include "cuda/lower.h"

namespace ab::test {

class EmulatedBuffers {
 public:
  EmulatedBuffers() = default;
  EmulatedBuffers(const EmulatedBuffers&) = delete;
  EmulatedBuffers& operator=(const EmulatedBuffers&) = delete;
  ~EmulatedBuffers() {
    for (void* const memory : table_)
      if (memory != nullptr) simt::forgetMemory(memory);
  }

  // The number of the buffer. The memory must not be shared with another.
  int add(void* memory, int64_t bytes) {
    table_.push_back(bytes > 0 ? memory : nullptr);
    if (bytes > 0) simt::registerMemory(memory, static_cast<size_t>(bytes));
    return count() - 1;
  }
  int count() const { return static_cast<int>(table_.size()); }

  // Throws simt::Fault. The plan's workspace and constants are buffers after those.
  void run(const cuda::Plan& plan) {
    std::vector<double> workspace(static_cast<size_t>(plan.workspaceBytes() + 7) / 8, __builtin_nan(""));
    std::vector<std::byte> constants = plan.constantBytes();
    const size_t before = table_.size();
    add(workspace.data(), plan.workspaceBytes());
    add(constants.data(), static_cast<int64_t>(constants.size()));
    simt::registerMemory(table_.data(), table_.size() * sizeof(void*));
    try {
      cudaStream_t stream;
      cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
      for (const auto& launch : plan.launches()) launch(stream, table_.data());
      cudaStreamSynchronize(stream);
      cudaStreamDestroy(stream);
      forget(before);
    } catch (...) {
      forget(before);
      throw;
    }
  }

 private:
  void forget(size_t before) {
    simt::forgetMemory(table_.data());
    for (size_t i = before; i < table_.size(); i++)
      if (table_[i] != nullptr) simt::forgetMemory(table_[i]);
    table_.resize(before);
  }

  std::vector<void*> table_;
};

}  // namespace ab::test
