// What only the module with threads has: how a worker enters and leaves it, and the parts of emscripten's libc that would ask JavaScript for what
// WebAssembly can do itself. Written for emscripten 3.1.6.
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <vector>

#include "cpu/thread_pool.h"

#define AB_EXPORT(name) extern "C" __attribute__((export_name(#name), used))

namespace {

constexpr uint64_t kPage = 65536;
constexpr size_t kStackBytes = size_t{1} << 20;  // of a worker; the calling thread has as much

int processors = 1;
char trap[256];

}  // namespace

// Starts workers; `processors`: how many there are to run on. Once, before anything is run. Returns how many threads there are, the calling one among
// them: fewer where the host refuses one.
AB_EXPORT(startThreads) int32_t startThreads(int32_t threads, int32_t available) {
  processors = available;
  ab::ThreadPool& pool = ab::ThreadPool::instance();
  pool.setThreads(threads);
  pool.start();
  return pool.threads();
}

// Where the stack of a thread begins, from which it grows downwards. The host needs it before the thread can call anything.
AB_EXPORT(stackOf) void* stackOf(pthread_t thread) {
  pthread_attr_t attributes;
  void* lowest = nullptr;
  size_t bytes = 0;
  pthread_getattr_np(thread, &attributes);
  pthread_attr_getstack(&attributes, &lowest, &bytes);
  return static_cast<char*>(lowest) + bytes;
}

// The life of a worker.
AB_EXPORT(runThread) void* runThread(void* (*routine)(void*), void* argument) { return routine(argument); }

// How many threads take part in a loop; waits for those that are slow, but not longer than a second.
AB_EXPORT(threadsPresent) int32_t threadsPresent() {
  ab::ThreadPool& pool = ab::ThreadPool::instance();
  const int32_t all = pool.threads();
  const int64_t end = ab::nanoseconds() + 1'000'000'000;
  std::vector<std::atomic<bool>> seen(static_cast<size_t>(all));
  std::atomic<int32_t> present{0};
  pool.parallelFor(all, [&](int64_t, int worker) {
    if (!seen[static_cast<size_t>(worker)].exchange(true)) present++;
    while (present < all && ab::nanoseconds() < end) continue;
  });
  return present;
}

// Where a worker's host writes, with a zero at its end, what trap has ended it; then it calls workerTrapped(). Empty before.
AB_EXPORT(trapText) char* trapText() { return trap; }
AB_EXPORT(workerTrapped) void workerTrapped() { ab::ThreadPool::instance().workerTrapped(trap); }

// libc sleeps and wakes by these two. Its own also run calls that other threads have sent, of which there are none here.
extern "C" int emscripten_futex_wait(volatile void* address, uint32_t value, double milliseconds) {
  const int64_t ns = milliseconds == HUGE_VAL ? -1 : static_cast<int64_t>(milliseconds * 1e6);
  const int result = __builtin_wasm_memory_atomic_wait32(static_cast<int*>(const_cast<void*>(address)), static_cast<int>(value), ns);
  return result == 1 ? -EWOULDBLOCK : result == 2 ? -ETIMEDOUT : 0;
}
extern "C" int emscripten_futex_wake(volatile void* address, int count) {
  return static_cast<int>(__builtin_wasm_memory_atomic_notify(static_cast<int*>(const_cast<void*>(address)), static_cast<unsigned>(count)));
}

// The heap grows by as much as malloc asks for. Another thread may have been faster.
extern "C" int emscripten_resize_heap(size_t bytes) {
  const size_t wanted = static_cast<size_t>((bytes + kPage - 1) / kPage);
  const size_t pages = __builtin_wasm_memory_size(0);
  return wanted <= pages || __builtin_wasm_memory_grow(0, wanted - pages) != static_cast<size_t>(-1);
}
extern "C" size_t emscripten_get_heap_max() { return ~size_t{0} / kPage * kPage; }
extern "C" int emscripten_num_logical_cores() { return processors; }
extern "C" void emscripten_check_blocking_allowed() {}
extern "C" void __emscripten_thread_cleanup(pthread_t) {}
extern "C" size_t _emscripten_default_pthread_stack_size() { return kStackBytes; }

// The one thing that the host is asked.
extern "C" double emscripten_get_now();
extern "C" int __clock_gettime(clockid_t, timespec* time) {
  const double ms = emscripten_get_now();
  time->tv_sec = static_cast<time_t>(ms / 1000);
  time->tv_nsec = static_cast<long>((ms - static_cast<double>(time->tv_sec) * 1000) * 1e6);
  return 0;
}
extern "C" int clock_gettime(clockid_t clock, timespec* time) { return __clock_gettime(clock, time); }

// There is no environment, and nowhere to write to. With bulk memory operations the copy is one instruction.
extern "C" char* getenv(const char*) { return nullptr; }
extern "C" void* emscripten_memcpy_big(void* to, const void* from, size_t bytes) { return __builtin_memcpy(to, from, bytes); }
extern "C" void abort() { __builtin_trap(); }
extern "C" [[noreturn]] void abort_message(const char*, ...) { __builtin_trap(); }
