// Runs a tape on the device: the decoder and the memory plan of the CPU's executor, kernels of its own.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "cpu/tape.h"
#include "device.h"
#include "plan.h"

namespace ab::cuda {

// What a run reads: bytes of the host, or an array that is on the device already.
struct Input {
  const void* host = nullptr;
  std::shared_ptr<const DeviceArray> array;
};

// A program made ready. Its launches are captured as one graph, which knows buffers by their numbers; a run brings the table of their addresses and
// launches the graph. A run gives work to the device and does not wait for it.
class Executable {
 public:
  // Throws TapeError, and CudaError on a buffer or an iteration space of more than 2^31 - 1024 elements.
  Executable(std::span<const int32_t> words, std::span<const double> literals);
  ~Executable();
  Executable(const Executable&) = delete;
  Executable& operator=(const Executable&) = delete;

  int inputs() const { return tape_.inputs; }
  int outputs() const { return tape_.outputs; }
  const Buffer& input(int i) const { return tape_.buffers[static_cast<size_t>(i)]; }
  const Buffer& output(int i) const { return tape_.buffers[static_cast<size_t>(tape_.inputs + i)]; }
  size_t instructions() const { return tape_.instructions.size(); }
  size_t kernels() const { return plan_.launches().size(); }
  // Bytes of working memory of a run, besides inputs and outputs.
  size_t workingBytes() const { return arenaBytes_ + static_cast<size_t>(plan_.workspaceBytes()); }

  // Inputs of the sizes that input() states. Safe to call from any thread. Throws CudaError.
  std::vector<std::shared_ptr<const DeviceArray>> run(std::span<const Input> inputs) const;

 private:
  void lowerAll();
  void capture() const;

  Tape tape_;
  Plan plan_;
  size_t arenaBytes_ = 0;
  std::unique_ptr<DeviceArray> constants_;
  std::unique_ptr<DeviceArray> table_;
  mutable cudaGraphExec_t graph_ = nullptr;  // made by the first run
};

}  // namespace ab::cuda
