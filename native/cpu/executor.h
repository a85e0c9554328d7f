// Runs a decoded tape.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "fused.h"
#include "split_trial.h"
#include "tape.h"

namespace ab {

// A program made ready. Runs of all executables take turns, so they share one arena: between runs nothing in it is alive.
class Executable {
 public:
  // Throws TapeError.
  Executable(std::span<const int32_t> words, std::span<const double> literals);
  ~Executable();
  Executable(const Executable&) = delete;
  Executable& operator=(const Executable&) = delete;

  int inputs() const { return tape_.inputs; }
  int outputs() const { return tape_.outputs; }
  const Buffer& input(int i) const { return tape_.buffers[static_cast<size_t>(i)]; }
  const Buffer& output(int i) const { return tape_.buffers[static_cast<size_t>(tape_.inputs + i)]; }
  size_t instructions() const { return tape_.instructions.size(); }
  // Bytes of working memory of a run, besides inputs and outputs.
  size_t workingBytes() const { return arenaBytes_ + workspaceBytes_; }

  // Memory of each input and output, of the sizes that input() and output() state. Safe to call from any thread. Throws std::bad_alloc.
  void run(const void* const* inputs, void* const* outputs) const;
  // The same, and how many seconds each instruction took.
  std::vector<double> profile(const void* const* inputs, void* const* outputs) const;
  const char* nameOfInstruction(size_t i) const;

 private:
  template <class F>
  void runWith(const void* const* inputs, void* const* outputs, F&& afterEach) const;
  void runKernel(const Kernel& kernel, void* const* buffers) const;

  Tape tape_;
  std::vector<Sweep> sweeps_;
  size_t arenaBytes_ = 0;
  size_t workspaceBytes_ = 0;
  // Of the runs so far; used by one at a time.
  mutable SplitTrial trial_;
  mutable bool splittable_ = false;
};

}  // namespace ab
