#include "thread_pool.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <stdexcept>

#include "sleep.h"

#if (defined(__unix__) || defined(__APPLE__)) && !defined(__EMSCRIPTEN__)
#include <dlfcn.h>
#endif
#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ab {
namespace {

constexpr int kMaxThreads = 256;
// A worker that sleeps takes 30-60 us to wake, one that spins under 1 us; consecutive kernels of one program are a few us apart.
constexpr auto kSpin = std::chrono::microseconds(40);

thread_local bool inRegion = false;
thread_local int workerIndex = 0;

void relax() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Processors this process may use.
int processors() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

// Spins until ready() or until kSpin has passed; says which. The clock is read once per 64 pauses, as it costs as much as one.
template <class Ready>
bool spinUntil(Ready ready, bool patient) {
  if (!patient) return ready();
  const auto deadline = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 64; i++) {
      if (ready()) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() < deadline);
  return false;
}

int defaultThreads() {
  if (const char* text = std::getenv("AUTOBALANCE_THREADS"); text != nullptr && *text != '\0') {
    const long n = std::strtol(text, nullptr, 10);
    if (n >= 1) return static_cast<int>(std::min<long>(n, kMaxThreads));
  }
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMaxThreads);
}

// Node unloads an addon together with the last worker thread that loaded it, while our threads still sleep in its code.
// Opening ourselves with NODELETE pins the code until the process ends.
void pinThisLibrary() {
#if (defined(__unix__) || defined(__APPLE__)) && !defined(__EMSCRIPTEN__)
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&pinThisLibrary), &info) != 0 && info.dli_fname != nullptr)
    dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
#endif
}

}  // namespace

int64_t nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

ThreadPool& ThreadPool::instance() {
  static ThreadPool* const pool = new ThreadPool();
  return *pool;
}

ThreadPool::ThreadPool() : threads_(defaultThreads()) {}

bool ThreadPool::insideRegion() { return inRegion; }
int ThreadPool::currentWorker() { return workerIndex; }

void ThreadPool::setThreads(int n) {
  const std::lock_guard<std::mutex> lock(regions_);
  stopWorkers();
  threads_.store(std::clamp(n, 1, kMaxThreads), std::memory_order_relaxed);
}

void ThreadPool::start() {
  const std::lock_guard<std::mutex> lock(regions_);
  if (static_cast<int>(workers_.size()) + 1 < threads()) startWorkers();
}

// Called with regions_ held. A machine that refuses more threads (a container's limit) leaves us with fewer.
void ThreadPool::startWorkers() {
  static const bool pinned = (pinThisLibrary(), true);
  static_cast<void>(pinned);
  stopping_.store(false);
  forbiddenCpu_ = -1;
  // Where threads share processors, one that spins keeps the one it waits for from running.
  crowded_.store(threads() > processors(), std::memory_order_relaxed);
  const uint64_t seen = epoch_.load();
  for (int i = static_cast<int>(workers_.size()) + 1; i < threads(); i++) {
    try {
      workers_.emplace_back([this, i, seen] { workerLoop(i, seen); });
    } catch (const std::system_error&) {
      threads_.store(i, std::memory_order_relaxed);
    }
  }
  started_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
}

bool ThreadPool::awake() {
  if (threadsHere() == 1) return false;
  asked_.store(true, std::memory_order_relaxed);
  if (!split_.load(std::memory_order_relaxed)) return false;
  if (started_.load(std::memory_order_relaxed) + 1 >= threads() && sleepers_.load(std::memory_order_relaxed) == 0) return true;
  missed_.store(true, std::memory_order_relaxed);
  return false;
}

// Workers are called if they would have been of use to the last program, and if they will not be asleep again by the next one. At most for
// one program in 16, lest each pays for calling workers that come when it is over.
void ThreadPool::beginProgram(int64_t now, bool split) {
  split_.store(split, std::memory_order_relaxed);
  asked_.store(false, std::memory_order_relaxed);
  const bool missed = missed_.exchange(false, std::memory_order_relaxed);
  if (++sinceCall_ < 16 || !missed || !split || now - programEnd_ > std::chrono::nanoseconds(kSpin).count() / 2) return;
  const std::lock_guard<std::mutex> lock(regions_);
  if (static_cast<int>(workers_.size()) + 1 < threads()) startWorkers();
  sinceCall_ = 0;
  // They find no region open and go on waiting, awake.
  epoch_.fetch_add(1);
  wakeSleepers();
}

bool ThreadPool::endProgram() {
  if (threads() > 1) programEnd_ = nanoseconds();
  split_.store(true, std::memory_order_relaxed);
  return asked_.load(std::memory_order_relaxed);
}

void ThreadPool::stopWorkers() {
  stopping_.store(true);
  {
    const std::lock_guard<std::mutex> lock(sleepMutex_);
    epoch_.fetch_add(1);
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
  started_.store(0, std::memory_order_relaxed);
  forbiddenCpu_ = -1;
}

// A sleeper is often woken on its waker's processor, where it waits for the waker to finish: on a virtual machine with two, regions
// that followed a pause of 2 ms ran one thread after the other in 7 of 20 cases. So workers may run anywhere the caller may, except
// where it is now. Costs system calls only when the caller has moved.
void ThreadPool::keepWorkersOffThisCpu() {
#if defined(__linux__)
  if (crowded_.load(std::memory_order_relaxed)) return;
  const int cpu = sched_getcpu();
  if (cpu == forbiddenCpu_ || cpu < 0 || cpu >= CPU_SETSIZE) return;
  forbiddenCpu_ = cpu;
  cpu_set_t others;
  if (sched_getaffinity(0, sizeof others, &others) != 0) return;
  CPU_CLR(static_cast<size_t>(cpu), &others);
  if (CPU_COUNT(&others) == 0) return;
  for (std::thread& worker : workers_) pthread_setaffinity_np(worker.native_handle(), sizeof others, &others);
#endif
}

// After a change of epoch_.
void ThreadPool::wakeSleepers() {
  keepWorkersOffThisCpu();
  if (sleepers_.load() == 0) return;
#if defined(__EMSCRIPTEN_PTHREADS__)
  wakeAll(epoch_);
#else
  { const std::lock_guard<std::mutex> asleep(sleepMutex_); }
  wake_.notify_all();
#endif
}

void ThreadPool::run(int64_t tasks, Invoke invoke, void* body) {
  const std::lock_guard<std::mutex> lock(regions_);
  if (static_cast<int>(workers_.size()) + 1 < threads()) startWorkers();
  invoke_ = invoke;
  body_ = body;
  tasks_ = tasks;
  failure_ = nullptr;
  next_.store(0, std::memory_order_relaxed);
  open_.store(true);
  epoch_.fetch_add(1);
  wakeSleepers();

  drain(0);

  // A worker raises active_ before it looks at open_, and we close before we look at active_: either it sees the region closed and
  // stays out, or we see it and wait. So a worker that is slow to wake delays nobody.
  open_.store(false);
  const auto finished = [this] { return active_.load() == 0; };
  if (!spinUntil(finished, !crowded_.load(std::memory_order_relaxed))) {
    for (int n = active_.load(); n != 0; n = active_.load()) sleepWhile(active_, n);
  }
  if (const char* why = trap_.load()) throw std::runtime_error(why);
  if (failure_) {
    std::exception_ptr failure = std::move(failure_);
    failure_ = nullptr;
    std::rethrow_exception(failure);
  }
}

void ThreadPool::drain(int worker) {
  inRegion = true;
  workerIndex = worker;
  for (;;) {
    const int64_t task = next_.fetch_add(1, std::memory_order_relaxed);
    if (task >= tasks_) break;
    try {
      invoke_(body_, task, worker);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(failureMutex_);
      if (!failure_) failure_ = std::current_exception();
      next_.store(tasks_, std::memory_order_relaxed);
    }
  }
  inRegion = false;
}

void ThreadPool::workerLoop(int worker, uint64_t seen) {
  while (waitForRegion(seen)) {
    active_.fetch_add(1);
    if (open_.load()) drain(worker);
    active_.fetch_sub(1);
    wakeAll(active_);
  }
}

// Without memory or locks, which the trap may have left in disorder.
void ThreadPool::workerTrapped(const char* why) {
  trap_.store(why);
  next_.store(tasks_, std::memory_order_relaxed);
  active_.fetch_sub(1);
  wakeAll(active_);
}

// Waits for an epoch other than `seen`; false when the pool is stopping.
bool ThreadPool::waitForRegion(uint64_t& seen) {
  const auto changed = [this, &seen] { return epoch_.load() != seen; };
  if (!spinUntil(changed, !crowded_.load(std::memory_order_relaxed))) {
#if defined(__EMSCRIPTEN_PTHREADS__)
    sleepers_.fetch_add(1);
    sleepWhile(epoch_, seen);
    sleepers_.fetch_sub(1);
#else
    std::unique_lock<std::mutex> lock(sleepMutex_);
    sleepers_.fetch_add(1);
    wake_.wait(lock, changed);
    sleepers_.fetch_sub(1);
#endif
  }
  seen = epoch_.load();
  return !stopping_.load();
}

}  // namespace ab
