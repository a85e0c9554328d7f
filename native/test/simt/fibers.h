// Fibers: stacks that take turns on one thread of the host.
#pragma once

#include <csetjmp>
#include <cstddef>
#include <memory>
#include <vector>

namespace simt {

// A place to switch from and to. The first switch to a fiber enters its function; later ones return from its own last switch. setjmp's
// switches cost nanoseconds, where swapcontext asks the kernel for its signal mask each time.
class Fiber {
 public:
  using Entry = void (*)();
  // A fiber that runs `entry`, which never returns.
  explicit Fiber(Entry entry) : entry_(entry), stack_(std::make_unique<std::byte[]>(kStack)) {}
  // The thread itself.
  Fiber() = default;

  void switchTo(Fiber& other) {
    if (_setjmp(at_) == 0) other.go();
  }

 private:
  static constexpr size_t kStack = 64 << 10;

  [[noreturn]] void go();

  Entry entry_ = nullptr;
  std::unique_ptr<std::byte[]> stack_;
  std::jmp_buf at_;
  bool started_ = false;
};

}  // namespace simt
