#include "machine.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "cpu/isa.h"
#include "cpu/probe.h"
#include "memory.h"
#include "vector.h"

namespace ab::lab {
namespace {

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

template <class F>
double best(int runs, F&& run) {
  double least = 1e30;
  for (int i = 0; i < runs; i++) {
    const double start = seconds();
    run();
    least = std::min(least, seconds() - start);
  }
  return least;
}

constexpr int kUnroll = 24;
constexpr int kRounds = 20000;

// Calls each(i) for i < kUnroll, unrolled, kRounds times, and returns how many of them a second does. Memory is taken to change in
// between, so that nothing is hoisted.
template <class F>
double rate(F&& each) {
  const double least = best(15, [&] {
    for (int round = 0; round < kRounds; round++) {
#pragma GCC unroll 24
      for (int i = 0; i < kUnroll; i++) each(i);
      asm volatile("" : : : "memory");
    }
  });
  return kUnroll * static_cast<double>(kRounds) / least;
}

// Seconds of each of many steps that wait for one another.
template <class F>
double latencyOf(F&& step) {
  constexpr int kSteps = 4 * kRounds;
  return best(15, [&] {
    for (int i = 0; i < kSteps; i++) step();
  }) / kSteps;
}

double readGBs(int64_t bytes) {
  const Floats data(static_cast<size_t>(bytes) / sizeof(float));
  const float* end = data.data() + data.size();
  const int64_t repeats = std::max<int64_t>(1, (int64_t{16} << 20) / bytes);
  const double least = best(bytes > (int64_t{32} << 20) ? 4 : 12, [&] {
    for (int64_t r = 0; r < repeats; r++)
      for (const float* p = data.data(); p + 8 * W <= end; p += 8 * W)
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) keep(V::load(p + i * W));
  });
  return static_cast<double>(repeats * bytes) / least * 1e-9;
}

#if defined(_SC_LEVEL1_DCACHE_SIZE)
int64_t system(int name, int64_t otherwise) {
  const long value = sysconf(name);
  return value > 0 ? value : otherwise;
}
#endif

void measureLevels(Machine& m) {
  int64_t first = 32 << 10, second = 1 << 20, ways = 8;
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  first = system(_SC_LEVEL1_DCACHE_SIZE, first);
  second = system(_SC_LEVEL2_CACHE_SIZE, second);
  ways = system(_SC_LEVEL1_DCACHE_ASSOC, ways);
#endif
  // What the system says of the third level is the whole package's, which a virtual machine shares: here 8 MB were read at the speed
  // of a cache, 16 MB at half of it.
  const int64_t third = 8 * second;
  const int64_t memory = int64_t{128} << 20;
  m.ways = ways;
  m.levels[0] = {"L1", first, readGBs(first / 2)};
  m.levels[1] = {"L2", second, readGBs(second / 2)};
  m.levels[2] = {"L3", third, readGBs(third)};
  m.levels[3] = {"memory", INT64_MAX, readGBs(memory)};
}

}  // namespace

double Machine::fmas(int used) const { return fmaGflops[used > 1] * 1e9 / (2 * W); }

const Level& Machine::holding(double bytes) const {
  for (const Level& level : levels)
    if (bytes <= static_cast<double>(level.bytes)) return level;
  return levels[3];
}

const Level& Machine::holding(int64_t rows, int64_t width, int64_t step) const {
  constexpr int64_t kLine = 64;
  const Level& first = levels[0];
  std::vector<int64_t> inSet(static_cast<size_t>(first.bytes / kLine / ways));
  int64_t lines = 0;
  bool fits = true;
  for (int64_t row = 0; row < rows; row++)
    for (int64_t line = row * step / kLine; line <= (row * step + width - 1) / kLine; line++, lines++)
      fits = ++inSet[static_cast<size_t>(line) % inSet.size()] <= ways && fits;
  return fits ? first : holding(std::max<double>(static_cast<double>(lines * kLine), static_cast<double>(first.bytes) + 1));
}

Machine measureMachine(int threads) {
  Machine m;
  m.vectors = kVectors;
  m.threads = threads;
  for (int i = 0; i < 2; i++) {
    const int used = i == 0 ? 1 : threads;
    const WithThreads pool(used);
    m.fmaGflops[i] = fmaPeakGflops(used, false);
    m.copyGBs[i] = copyBandwidthGBs(used);
  }
  Floats memory(kUnroll * W);
  float* p = memory.data();
  m.loads = rate([p](int i) { keep(V::load(p + i * W)); });
  m.broadcasts = rate([p](int i) { keep(V::set1(p[i])); });
  const V::Reg zero = V::zero();
  m.stores = rate([p, zero](int i) { V::store(p + i * W, zero); });
  m.scalarStores = rate([p](int i) { *static_cast<volatile float*>(p + i * W) = 0; });
  m.mixed = rate([p](int i) {
    if (i % 3 == 0) keep(V::load(p + i * W));
    else keep(V::set1(p[i]));
  });
  const V::Reg scale = V::set1(0.999f), offset = V::set1(0.001f);
  V::Reg sum = V::zero();
  m.latency = latencyOf([&] { sum = V::fma(sum, scale, offset); });
  keep(sum);
  m.throughMemory = latencyOf([&] {
    V::store(p, V::fma(V::load(p), scale, offset));
    asm volatile("" : : : "memory");
  });
  measureLevels(m);
  return m;
}

void measurePeakAgain(Machine& m) {
  for (int i = 0; i < 2; i++) {
    const int used = i == 0 ? 1 : m.threads;
    const WithThreads pool(used);
    m.fmaGflops[i] = std::max(m.fmaGflops[i], fmaPeakGflops(used, false));
  }
}

}  // namespace ab::lab
