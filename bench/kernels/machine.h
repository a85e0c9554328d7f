// What this machine can do at most, measured: the numbers that a napkin is filled with.
#pragma once

#include <cstdint>
#include <string>

namespace ab::lab {

// A level of the memory hierarchy as one core sees it.
struct Level {
  const char* name;
  int64_t bytes;
  double readGBs;  // vector loads, one after another, of a working set that fits here and nowhere nearer
};

struct Machine {
  std::string vectors;  // instruction set
  int threads = 1;      // the most that will be used
  double fmaGflops[2];  // of one thread, of `threads`; floating-point operations, two a multiply-add
  double copyGBs[2];    // read plus written, too large for any cache; likewise
  // One core, first-level cache. Per second:
  double loads;         // vectors
  double broadcasts;    // one number loaded into all lanes
  double mixed;         // either, one load to two broadcasts
  double stores;        // vectors
  double scalarStores;
  double latency;       // seconds from one multiply-add to the next that needs its sum
  double throughMemory; // the same if the sum is stored and loaded in between
  Level levels[4];      // the nearest first; the last is memory
  int64_t ways;         // of the first

  double fmas(int used) const;  // vector multiply-adds a second on `used` threads
  // The nearest level that holds that many bytes; or `rows` stretches of `width` bytes, each `step` bytes after the one before: a
  // power of two apart they compete for few sets of the first level. (The others are indexed by physical addresses.)
  const Level& holding(double bytes) const;
  const Level& holding(int64_t rows, int64_t width, int64_t step) const;
};

// Takes about a second. The best of several runs each: what else happens on a machine only ever makes a probe slower.
Machine measureMachine(int threads);
// The peak once more, for it moves with the clock and with the neighbours; keeps the larger.
void measurePeakAgain(Machine& machine);

}  // namespace ab::lab
