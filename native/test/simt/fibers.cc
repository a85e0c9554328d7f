#include "fibers.h"

#include <ucontext.h>

#include <cstdlib>

namespace simt {

void Fiber::go() {
  if (started_ || entry_ == nullptr) _longjmp(at_, 1);
  started_ = true;
  ucontext_t context;
  getcontext(&context);
  context.uc_stack.ss_sp = stack_.get();
  context.uc_stack.ss_size = kStack;
  context.uc_link = nullptr;
  makecontext(&context, entry_, 0);
  setcontext(&context);
  std::abort();
}

}  // namespace simt
