// How a short program finds out whether to split its small work, on a clock that the test turns.
#include <cstdint>
#include <string>

#include "check.h"
#include "cpu/split_trial.h"

namespace {

using namespace ab;
using namespace ab::test;

constexpr int64_t kMicrosecond = 1000;

// Runs one after the other, `split` or `whole` ns each. Counts those that were split.
struct Clock {
  int64_t split, whole;
  int64_t now = 1'000'000'000;
  SplitTrial trial = {};
  int run(int times) {
    int count = 0;
    for (int i = 0; i < times; i++) {
      const bool way = trial.begin(now, true);
      count += way ? 1 : 0;
      now += way ? split : whole;
    }
    return count;
  }
};

constexpr int kCycle = SplitTrial::kRuns * (SplitTrial::kWindows + 2);

void keepsTheFaster() {
  Clock faster{30 * kMicrosecond, 36 * kMicrosecond};
  faster.run(kCycle);
  const double share = double(faster.run(10 * kCycle)) / (10 * kCycle);
  expect(share > 0.95 && share < 1, "splitting that pays is kept, and the other way looked at: " + std::to_string(share));
  Clock slower{59 * kMicrosecond, 37 * kMicrosecond};
  slower.run(kCycle);
  const double rest = double(slower.run(10 * kCycle)) / (10 * kCycle);
  expect(rest < 0.05 && rest > 0, "splitting that does not pay is given up, and looked at again: " + std::to_string(rest));
}

void followsAChange() {
  Clock clock{30 * kMicrosecond, 36 * kMicrosecond};
  clock.run(3 * kCycle);
  clock.split = 60 * kMicrosecond;
  clock.run(kCycle);
  expect(clock.run(kCycle) < kCycle / 10, "when splitting becomes slow it is given up");
  clock.split = 20 * kMicrosecond;
  clock.run(kCycle);
  expect(clock.run(kCycle) > kCycle * 9 / 10, "and when it becomes fast again it is taken up");
}

void pausesAreNotTimed() {
  SplitTrial trial;
  int64_t now = 5;
  bool always = true;
  // Never as many runs without a pause as a window has.
  for (int i = 0; i < 20 * SplitTrial::kRuns; i++) {
    now += i % 200 == 0 ? 2 * SplitTrial::kLongestPause : 30 * kMicrosecond;
    always = always && trial.begin(now, true);
  }
  expect(always, "windows with a pause in them are not compared");
  SplitTrial idle;
  for (int i = 0; i < 20 * SplitTrial::kRuns; i++) always = always && idle.begin(now += kMicrosecond, false);
  expect(always, "programs without anything to split are not timed");
}

}  // namespace

int main() {
  keepsTheFaster();
  followsAChange();
  pausesAreNotTimed();
  return finish();
}
