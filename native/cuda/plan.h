// What a program becomes: launches of kernels, in order. Kernels know buffers by number; their last argument is the table of addresses.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace ab::cuda {

// What CUDA refused, or what this executor cannot do. The message says which.
struct CudaError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Throws CudaError if a call failed.
inline void check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  throw CudaError(std::string("cuda: ") + what + ": " + cudaGetErrorString(status));
}

// Kernels count elements in 31 bits, and a few more than there are.
constexpr int64_t kMostElements = (int64_t{1} << 31) - 1024;

inline int64_t upTo(int64_t n, int64_t step) { return (n + step - 1) / step; }

class Plan {
 public:
  using Launch = std::function<void(cudaStream_t, void* const*)>;

  // After the tape's buffers come the workspace and the constants.
  explicit Plan(int buffers) : buffers_(buffers) {}

  template <class... Parameters, class... Arguments>
  void launch(int64_t blocks, int64_t batch, int threads, void (*kernel)(Parameters...), Arguments... arguments) {
    if (blocks == 0 || batch == 0) return;
    if (blocks > INT32_MAX) throw CudaError("cuda: a grid of " + std::to_string(blocks) + " blocks; at most 2^31 - 1 are possible");
    launches_.push_back([=](cudaStream_t stream, void* const* table) {
      cudaLaunchConfig_t config{};
      config.gridDim = {static_cast<unsigned>(blocks), 1, static_cast<unsigned>(batch)};
      config.blockDim = {static_cast<unsigned>(threads), 1, 1};
      config.stream = stream;
      check(cudaLaunchKernelEx(&config, kernel, arguments..., table), "a kernel was not launched");
    });
  }

  // Memory for one instruction's partial results; the next instruction's may be the same.
  int workspace(int64_t bytes) {
    workspaceBytes_ = std::max(workspaceBytes_, bytes);
    return buffers_;
  }
  // What kernels read and nothing writes; it is brought to the device once.
  int constants() const { return buffers_ + 1; }
  int64_t addConstants(const void* from, size_t bytes) {
    const size_t offset = (constantBytes_.size() + 15) / 16 * 16;
    constantBytes_.resize(offset + bytes);
    if (bytes > 0) std::memcpy(constantBytes_.data() + offset, from, bytes);
    return static_cast<int64_t>(offset);
  }

  int64_t workspaceBytes() const { return workspaceBytes_; }
  const std::vector<std::byte>& constantBytes() const { return constantBytes_; }
  const std::vector<Launch>& launches() const { return launches_; }

 private:
  int buffers_;
  std::vector<std::byte> constantBytes_;
  int64_t workspaceBytes_ = 0;
  std::vector<Launch> launches_;
};

}  // namespace ab::cuda
