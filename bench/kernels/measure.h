// Times the rungs of a ladder on one shape.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

#include "ladder.h"

namespace ab::lab {

// One line of a table.
struct Row {
  std::string ladder, shape, rung, idea;
  int threads = 1;
  double flops = 0;                                  // of one call
  double median = 0, fastest = 0, slowest = 0;       // seconds of one call
  int samples = 0;
  double bound = 0;                                  // seconds by the napkin
  std::string boundBy;
  double peakGflops = 0;                             // measured around it, on as many threads
  double gflops() const { return flops / median * 1e-9; }
  double share() const { return gflops() / peakGflops; }
  double boundShare() const { return flops / bound * 1e-9 / peakGflops; }
};

inline double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Adds samples of run() for about `seconds`: seconds a call, each sample long enough for the clock. At least one.
template <class F>
void sample(F&& run, double seconds, std::vector<double>& samples) {
  constexpr double kShortest = 2e-4;
  const double stop = now() + seconds;
  int calls = 1;
  do {
    const double start = now();
    for (int i = 0; i < calls; i++) run();
    const double each = (now() - start) / calls;
    if (each * calls < kShortest && calls < 1 << 16) {
      calls = std::max(calls + 1, static_cast<int>(kShortest / each) + 1);
      continue;
    }
    samples.push_back(each);
  } while (samples.empty() || now() < stop);
}

// Rungs take turns, three times, so that whatever else happens on the machine meets all of them; caches are as the call before left
// them. `machine` has its peak measured again before and after.
template <class Shape>
std::vector<Row> timeShape(const Ladder<Shape>& ladder, const std::vector<const Rung<Shape>*>& rungs, const Shape& shape,
                           Machine& machine, double seconds) {
  constexpr int kTurns = 3;
  const auto sizes = ladder.sizes(shape);
  const auto filled = [](int64_t size) {
    Floats values(static_cast<size_t>(size));
    for (size_t i = 0; i < values.size(); i++) values[i] = static_cast<float>(static_cast<int>(i * 2654435761u % 17) - 8) / 8;
    return values;
  };
  const Floats first = filled(sizes.first), second = filled(sizes.second);
  Floats out(static_cast<size_t>(sizes.out));

  struct Entry {
    const Rung<Shape>* rung;
    int threads;
    std::vector<double> samples;
  };
  std::vector<Entry> entries;
  for (const Rung<Shape>* rung : rungs) entries.push_back({rung, 1, {}});
  for (const Rung<Shape>* rung : rungs)
    if (rung->threaded && machine.threads > 1) entries.push_back({rung, machine.threads, {}});

  measurePeakAgain(machine);
  for (int turn = 0; turn < kTurns; turn++)
    for (Entry& entry : entries) {
      const WithThreads pool(entry.threads);
      const auto run = [&] { entry.rung->run(shape, first.data(), second.data(), out.data()); };
      const double start = now();
      run();
      // A call that takes a second is its own warm-up, and is not repeated three times.
      const double once = now() - start;
      if (once > 1) entry.samples.push_back(once);
      else sample(run, seconds / kTurns, entry.samples);
    }
  measurePeakAgain(machine);

  std::vector<Row> rows;
  for (Entry& entry : entries) {
    std::sort(entry.samples.begin(), entry.samples.end());
    Napkin napkin(machine, entry.threads);
    entry.rung->bound(shape, napkin);
    Row row;
    row.ladder = ladder.name;
    row.shape = nameOf(shape);
    row.rung = entry.rung->name;
    row.idea = entry.rung->idea;
    row.threads = entry.threads;
    row.flops = 2 * ladder.multiplyAdds(shape);
    row.median = entry.samples[entry.samples.size() / 2];
    row.fastest = entry.samples.front();
    row.slowest = entry.samples.back();
    row.samples = static_cast<int>(entry.samples.size());
    row.bound = napkin.seconds();
    row.boundBy = napkin.by();
    row.peakGflops = machine.fmaGflops[entry.threads > 1];
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace ab::lab
