// The pool of threads, and programs that run at the same time. Most telling under ThreadSanitizer.
//
//   threads_test             all of it
//   threads_test isa NAME    only what AUTOBALANCE_ISA=NAME does
//   threads_test threads N   only what AUTOBALANCE_THREADS=N does
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "cpu/scratch.h"
#include "fuzz/tape_input.h"
#include "program_arrays.h"

namespace {

using namespace ab;
using namespace ab::test;

constexpr int kRounds = AB_CHECK_EVERY > 1 ? 40 : 200;

void everyTaskOnce(int threads) {
  ThreadPool& pool = ThreadPool::instance();
  std::vector<std::atomic<int>> seen(1000);
  std::atomic<bool> inRange{true};
  pool.parallelFor(1000, [&](int64_t task, int worker) {
    if (worker < 0 || worker >= threads) inRange = false;
    pool.parallelFor(3, [&](int64_t, int inner) {
      if (inner != worker) inRange = false;
      seen[size_t(task)]++;
    });
  });
  expect(inRange, "parallelFor: worker index, also of a nested loop");
  expect(std::all_of(seen.begin(), seen.end(), [](const auto& n) { return n == 3; }), "parallelFor: every task once");
  pool.parallelFor(0, [&](int64_t, int) { expect(false, "parallelFor: no task of none"); });
}

// Memory that tasks write without atomics: what a region has done its caller sees.
void whatWasWrittenIsSeen() {
  std::vector<int64_t> squares(5000);
  for (int round = 0; round < kRounds; round++) {
    ThreadPool::instance().parallelFor(50, [&](int64_t task, int) {
      for (int64_t i = task * 100; i < task * 100 + 100; i++) squares[size_t(i)] = i * i + round;
    });
    int64_t sum = 0;
    for (const int64_t s : squares) sum += s;
    expect(sum == 4999LL * 5000 * 9999 / 6 + 5000LL * round, "parallelFor: a region's writes are seen after it");
  }
}

void exceptionsReachTheCaller() {
  ThreadPool& pool = ThreadPool::instance();
  for (int round = 0; round < kRounds; round++) {
    std::string caught;
    try {
      pool.parallelFor(100, [](int64_t task, int) {
        if (task % 7 == 3) throw std::runtime_error("seven");
      });
    } catch (const std::runtime_error& e) {
      caught = e.what();
    }
    expect(caught == "seven", "parallelFor: a task's exception reaches the caller");
    caught.clear();
    try {
      pool.parallelFor(8, [&](int64_t, int) {
        pool.parallelFor(4, [](int64_t task, int) {
          if (task == 2) throw std::runtime_error("nested");
        });
      });
    } catch (const std::runtime_error& e) {
      caught = e.what();
    }
    expect(caught == "nested", "parallelFor: so does one of a nested loop");
    std::atomic<int> after{0};
    pool.parallelFor(20, [&](int64_t, int) { after++; });
    expect(after == 20, "parallelFor: the next region is whole");
  }
}

// As Node's worker threads are: each with loops short and long, one of them with exceptions.
void severalCallers() {
  ThreadPool& pool = ThreadPool::instance();
  std::atomic<int64_t> total{0};
  std::atomic<int> thrown{0};
  std::vector<std::thread> callers;
  for (int c = 0; c < 4; c++)
    callers.emplace_back([&, c] {
      for (int i = 0; i < kRounds; i++) {
        pool.parallelFor(1 + i % 9, [&](int64_t task, int) { total += task; });
        if (c != 0) continue;
        try {
          pool.parallelFor(9, [](int64_t task, int) {
            if (task == 4) throw std::runtime_error("four");
          });
        } catch (const std::runtime_error&) {
          thrown++;
        }
      }
    });
  for (std::thread& caller : callers) caller.join();
  int64_t want = 0;
  for (int i = 0; i < kRounds; i++) want += (1 + i % 9) * (i % 9) / 2;
  expect(total == 4 * want && thrown == kRounds, "parallelFor: regions of several callers take turns");
}

// Real programs, each run by a thread of its own, many at a time, while another thread changes the number of workers: the bits are those
// of a single thread. Returns how many programs took part.
size_t programsAtOnce() {
  ThreadPool& pool = ThreadPool::instance();
  pool.setThreads(1);
  struct Program {
    Executable executable;
    ProgramArrays wanted;
    explicit Program(const fuzz::TapeInput& input) : executable(input.words, input.literals), wanted(executable) { wanted.run(executable); }
  };
  std::vector<std::unique_ptr<Program>> programs;
  const std::vector<fuzz::NamedInput> corpus = fuzz::readFolder(AB_CORPUS);
  for (const fuzz::NamedInput& each : corpus) programs.push_back(std::make_unique<Program>(each.input));
  std::atomic<bool> done{false};
  std::thread changer([&] {
    for (int n = 1; !done; n = n % 8 + 1) {
      pool.setThreads(n);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  std::vector<std::thread> callers;
  for (size_t c = 0; c < 4; c++)
    callers.emplace_back([&, c] {
      for (int round = 0; round < (AB_CHECK_EVERY > 1 ? 3 : 20); round++)
        for (size_t i = 0; i < programs.size(); i++) {
          // All four in step on some programs, apart on others.
          const Program& program = *programs[(i + (round % 2 == 0 ? 0 : c * 13)) % programs.size()];
          ProgramArrays arrays(program.executable);
          arrays.run(program.executable);
          expect(arrays == program.wanted, "programs at once: the same bits");
        }
      // And programs that come and go, which changes the size of the arena.
      for (const fuzz::NamedInput& each : corpus) {
        const Executable executable(each.input.words, each.input.literals);
        ProgramArrays(executable).run(executable);
      }
    });
  for (std::thread& caller : callers) caller.join();
  done = true;
  changer.join();
  return programs.size();
}

double processorSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void idleThreadsSleep() {
  ThreadPool& pool = ThreadPool::instance();
  pool.setThreads(8);
  std::atomic<int64_t> sum{0};
  pool.parallelFor(100, [&](int64_t task, int) { sum += task; });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const double before = processorSeconds();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const double used = processorSeconds() - before;
  // Seven threads that spin would take 0.6 s of two processors.
  expect(used < 0.06, [&] { return "idle for 0.3 s took " + std::to_string(used) + " s of processor time"; });
}

void scratchBelongsToItsThread() {
  char* block = static_cast<char*>(scratch(ScratchSlot::executor, 100));
  expect(reinterpret_cast<uintptr_t>(block) % 64 == 0, "scratch: aligned");
  block[0] = 5;
  expect(static_cast<char*>(scratch(ScratchSlot::executor, 50)) == block && block[0] == 5, "scratch: kept for a smaller request");
  expect(scratch(ScratchSlot::fused, 100) != block, "scratch: slots are apart");
  std::atomic<bool> apart{true};
  std::thread([&] { apart = scratch(ScratchSlot::executor, 100) != block; }).join();
  expect(apart, "scratch: threads are apart");
}

void environmentIsa(const std::string& name) {
  bool known = false, supported = false;
  for (const Isa each : kIsas)
    if (name == isaName(each)) known = true, supported = isaSupported(each);
  try {
    const std::string chosen = isaName();
    expect(known && supported && chosen == name, "AUTOBALANCE_ISA=" + name + " chose " + chosen);
  } catch (const std::runtime_error& error) {
    const std::string said = error.what();
    expect(!supported && said.find(known ? "lacks" : "expects") != std::string::npos, "AUTOBALANCE_ISA=" + name + ": " + said);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3) {
    const std::string what = argv[1];
    if (what == "isa") environmentIsa(argv[2]);
    else expect(ThreadPool::instance().threads() == std::atoi(argv[2]), "AUTOBALANCE_THREADS");
    return finish();
  }
  for (const int threads : {1, 2, 5, 8}) {
    ThreadPool::instance().setThreads(threads);
    everyTaskOnce(threads);
    whatWasWrittenIsSeen();
    exceptionsReachTheCaller();
    severalCallers();
  }
  expect(programsAtOnce() >= 20, "programs of the corpus at once");
  idleThreadsSleep();
  scratchBelongsToItsThread();
  return finish();
}
