#include "probe.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>

#include "isa.h"
#include "thread_pool.h"

#define AB_KERNELS "../probe.inc"
#include "simd/foreach_isa.h"

namespace ab {
namespace {

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// The best of several runs: whatever else the machine does only ever makes a run slower.
template <class F>
double bestSeconds(int runs, F&& run) {
  double best = 1e30;
  for (int i = 0; i < runs; i++) {
    const double start = seconds();
    run();
    best = std::min(best, seconds() - start);
  }
  return best;
}

}  // namespace

double fmaPeakGflops(int threads, bool f64, int runs) {
  static constexpr PerIsa<double (*)(int64_t)> single = AB_PER_ISA(burnFma<float>);
  static constexpr PerIsa<double (*)(int64_t)> twice = AB_PER_ISA(burnFma<double>);
  const auto burn = f64 ? twice.chosen() : single.chosen();
  constexpr int64_t kSteps = 100000;
  // 60 of them take 20 to 40 ms, longer than another process keeps a worker waiting.
  std::atomic<double> sink{0};
  const double best = bestSeconds(runs, [&] {
    ThreadPool::instance().parallelFor(threads, [&](int64_t, int) { sink.store(burn(kSteps), std::memory_order_relaxed); });
  });
  static constexpr PerIsa<int64_t (*)()> perStep32 = AB_PER_ISA(flopsPerStep<float>);
  static constexpr PerIsa<int64_t (*)()> perStep64 = AB_PER_ISA(flopsPerStep<double>);
  const int64_t perStep = f64 ? perStep64.chosen()() : perStep32.chosen()();
  return static_cast<double>(perStep * kSteps * threads) / best * 1e-9;
}

double copyBandwidthGBs(int threads) {
  constexpr int64_t kBytes = int64_t{128} << 20;
  const int64_t part = kBytes / threads;
  const auto from = std::make_unique<char[]>(kBytes);
  const auto to = std::make_unique<char[]>(kBytes);
  const double best = bestSeconds(5, [&] {
    ThreadPool::instance().parallelFor(threads, [&](int64_t i, int) {
      std::memcpy(to.get() + i * part, from.get() + i * part, static_cast<size_t>(part));
    });
  });
  return 2.0 * static_cast<double>(part * threads) / best * 1e-9;
}

}  // namespace ab
