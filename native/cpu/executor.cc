#include "executor.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <new>
#include <set>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "kernels.h"
#include "thread_pool.h"

namespace ab {
namespace {

// The one arena. Never destroyed: a worker thread may still run a program when the process exits.
class Arena {
 public:
  static Arena& instance() {
    static Arena* const arena = new Arena();
    return *arena;
  }

  // Held for the length of a run.
  std::mutex running;

  // As large as the largest program that is alive needs; shrinks when that one is gone.
  void* memory() {
    size_t wanted = 0;
    {
      const std::lock_guard<std::mutex> lock(sizes_);
      if (!demands_.empty()) wanted = *demands_.rbegin();
    }
    if (wanted > bytes_ || wanted < bytes_ / 4) resize(wanted);
    return memory_;
  }

  void enter(size_t bytes) {
    const std::lock_guard<std::mutex> lock(sizes_);
    demands_.insert(bytes);
  }
  void leave(size_t bytes) {
    const std::lock_guard<std::mutex> lock(sizes_);
    demands_.erase(demands_.find(bytes));
  }

 private:
  static constexpr size_t kHuge = size_t{2} << 20;

  void resize(size_t bytes) {
    if (memory_ != nullptr) ::operator delete(memory_, std::align_val_t{align_});
    memory_ = nullptr;
    bytes_ = 0;
    if (bytes == 0) return;
    // Huge pages: a large arena then costs hundreds of page faults at first use instead of hundreds of thousands.
    align_ = bytes >= 2 * kHuge ? kHuge : 64;
    memory_ = ::operator new(bytes, std::align_val_t{align_});
    bytes_ = bytes;
#if defined(__linux__)
    if (align_ == kHuge) madvise(memory_, bytes & ~(kHuge - 1), MADV_HUGEPAGE);
#endif
  }

  std::mutex sizes_;
  std::multiset<size_t> demands_;
  void* memory_ = nullptr;
  size_t bytes_ = 0;
  size_t align_ = 64;
};

}  // namespace

Executable::Executable(std::span<const int32_t> words, std::span<const double> literals) : tape_(decodeTape(words, literals)) {
  for (const Fused& group : tape_.fused) {
    sweeps_.emplace_back(group);
    workspaceBytes_ = std::max(workspaceBytes_, sweeps_.back().workspaceBytes());
  }
  // The sweeps have copied what they need.
  tape_.fused.clear();
  tape_.fused.shrink_to_fit();
  arenaBytes_ = static_cast<size_t>(tape_.arenaLines * kLine);
  Arena::instance().enter(workingBytes());
}

Executable::~Executable() { Arena::instance().leave(workingBytes()); }

// afterEach(i) is called when instruction i has run.
template <class F>
void Executable::runWith(const void* const* inputs, void* const* outputs, F&& afterEach) const {
  Arena& arena = Arena::instance();
  const std::lock_guard<std::mutex> lock(arena.running);
  auto* const memory = static_cast<std::byte*>(arena.memory());
  std::vector<void*> buffers(tape_.buffers.size());
  for (size_t i = 0; i < buffers.size(); i++) {
    const auto n = static_cast<int32_t>(i);
    // The decoder has made sure that no instruction writes to an input.
    if (n < tape_.inputs) buffers[i] = const_cast<void*>(inputs[i]);
    else if (n < tape_.inputs + tape_.outputs) buffers[i] = outputs[n - tape_.inputs];
    else buffers[i] = memory + tape_.buffers[i].line * kLine;
  }
  void* const workspace = memory + arenaBytes_;
  ThreadPool& pool = ThreadPool::instance();
  if (pool.threads() > 1) {
    const int64_t now = nanoseconds();
    pool.beginProgram(now, trial_.begin(now, splittable_));
  }
  for (size_t i = 0; i < tape_.instructions.size(); i++) {
    const Instruction& instruction = tape_.instructions[i];
    const auto index = static_cast<size_t>(instruction.index);
    if (instruction.fused) sweeps_[index].run(buffers.data(), workspace);
    else runKernel(tape_.kernels[index], buffers.data());
    afterEach(i);
  }
  splittable_ = pool.endProgram();
}

void Executable::run(const void* const* inputs, void* const* outputs) const {
  runWith(inputs, outputs, [](size_t) {});
}

std::vector<double> Executable::profile(const void* const* inputs, void* const* outputs) const {
  using Clock = std::chrono::steady_clock;
  std::vector<double> seconds(tape_.instructions.size());
  Clock::time_point last = Clock::now();
  runWith(inputs, outputs, [&](size_t i) {
    const Clock::time_point now = Clock::now();
    seconds[i] = std::chrono::duration<double>(now - last).count();
    last = now;
  });
  return seconds;
}

const char* Executable::nameOfInstruction(size_t i) const {
  const Instruction& instruction = tape_.instructions[i];
  return nameOf(instruction.fused ? Opcode::fused : tape_.kernels[static_cast<size_t>(instruction.index)].op);
}

void Executable::runKernel(const Kernel& kernel, void* const* buffers) const {
  if (kernel.output.shape.size() == 0) return;
  constexpr size_t kFew = 8;
  const void* few[kFew];
  std::vector<const void*> many(kernel.inputs.size() > kFew ? kernel.inputs.size() : 0);
  const void** const inputs = many.empty() ? few : many.data();
  for (size_t i = 0; i < kernel.inputs.size(); i++) inputs[i] = buffers[kernel.inputs[i].buffer];
  runByOpcode(kernel, {inputs, buffers[kernel.output.buffer]});
}

}  // namespace ab
