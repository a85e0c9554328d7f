// One process-wide pool of threads for parallel loops.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace ab {

class ThreadPool {
 public:
  // Created at first use and never destroyed: at process exit its threads sleep on memory that stays valid, whatever order
  // static destructors run in.
  static ThreadPool& instance();

  // AUTOBALANCE_THREADS, or the number of hardware threads. The calling thread is one of them.
  int threads() const { return threads_.load(std::memory_order_relaxed); }
  // Not from inside a task.
  void setThreads(int n);
  // Starts the workers now instead of at the first region.
  void start();
  // How many may take part in a loop begun here: inside a task, one.
  int threadsHere() const { return insideRegion() ? 1 : threads(); }

  // Whether a region would start at once: then splitting work of 1 us already pays, as a region costs 0.3 us. Workers that sleep take
  // 30-60 us to come, and whoever calls them about 5. Where this says no, beginProgram() may call them for next time.
  bool awake();
  // Around a program; `now` in ns. Of programs that follow each other more closely than a worker spins, the later ones find the workers
  // awake. `split`: whether awake() may say yes at all. endProgram() returns whether anybody asked it.
  void beginProgram(int64_t now, bool split);
  bool endProgram();

  // Runs fn(task, worker) for every task in [0, tasks) and returns when all are done; worker is in [0, threads()) and no two tasks
  // that run at the same time share it. Tasks are handed out as threads become free, so what a task computes must not depend on
  // who runs it. A loop inside a task runs inline, as does a loop of one task. The first exception a task throws is
  // rethrown here, after tasks not yet begun have been dropped.
  template <class F>
  void parallelFor(int64_t tasks, F&& fn) {
    if (tasks <= 0) return;
    if (tasks == 1 || threads() == 1 || insideRegion()) {
      const int worker = currentWorker();
      for (int64_t t = 0; t < tasks; t++) fn(t, worker);
      return;
    }
    using Body = std::remove_reference_t<F>;
    run(tasks, [](void* body, int64_t task, int worker) { (*static_cast<Body*>(body))(task, worker); },
        const_cast<void*>(static_cast<const void*>(std::addressof(fn))));
  }

  // On the thread of a worker that cannot go on and whose destructors will not run: a trap of WebAssembly. The region it was in ends with an error
  // that says `why`, a text that stays; so does every later one, for the worker may have left anything half done.
  void workerTrapped(const char* why);

  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

 private:
  using Invoke = void (*)(void* body, int64_t task, int worker);

  ThreadPool();
  ~ThreadPool() = delete;
  static bool insideRegion();
  static int currentWorker();
  void run(int64_t tasks, Invoke invoke, void* body);
  void drain(int worker);
  void startWorkers();
  void stopWorkers();
  void keepWorkersOffThisCpu();
  void wakeSleepers();
  void workerLoop(int worker, uint64_t seen);
  bool waitForRegion(uint64_t& seen);

  std::mutex regions_;  // held for the length of a region: regions of different Node threads take turns
  std::vector<std::thread> workers_;
  std::atomic<int> threads_{1};
  int forbiddenCpu_ = -1;
  std::atomic<bool> crowded_{false};    // more threads than processors
  // For awake().
  std::atomic<bool> split_{true};
  std::atomic<bool> asked_{false};
  std::atomic<bool> missed_{false};     // somebody found the workers asleep
  int64_t programEnd_ = 0;              // of the last one, ns
  int sinceCall_ = 0;                   // programs since sleepers were called for

  // The region in progress. Written by its owner only while `open_` is false and `active_` is 0.
  Invoke invoke_ = nullptr;
  void* body_ = nullptr;
  int64_t tasks_ = 0;
  std::exception_ptr failure_;
  std::atomic<const char*> trap_{nullptr};
  std::mutex failureMutex_;

  // On lines of their own: every worker hammers them.
  alignas(64) std::atomic<int64_t> next_{0};
  alignas(64) std::atomic<int> active_{0};
  alignas(64) std::atomic<bool> open_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> epoch_{0};
  alignas(64) std::atomic<int> sleepers_{0};
  std::atomic<int> started_{0};  // workers_.size(), for those who do not hold regions_
  std::mutex sleepMutex_;
  std::condition_variable wake_;
};

// Of a clock that only goes forward.
int64_t nanoseconds();

}  // namespace ab
