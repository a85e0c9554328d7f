// Finds out whether a short program is faster with its small work split among threads.
#pragma once

#include <cstdint>

namespace ab {

// It should be, but threads need not have processors of their own: on a virtual machine whose two shared one (which the machine did not tell), a
// training step of 30 us took 59 split and 37 whole. So both ways are timed, over windows of many runs one after the other, and the faster
// is kept until it is time to try again. Results do not depend on it.
class SplitTrial {
 public:
  static constexpr int kRuns = 256;                    // of a window
  static constexpr int kWindows = 32;                  // of the faster way between windows of the other
  static constexpr int64_t kLongestPause = 50'000'000;  // ns from one run to the next; after more, a window begins anew

  // How the run that begins at `now` (ns) is to be: true, split. `asked`: whether the last one had anything to split.
  bool begin(int64_t now, bool asked) {
    const bool follows = asked && now - last_ <= kLongestPause;
    last_ = now;
    if (!follows) {
      runs_ = 0;
      start_ = now;
    } else if (++runs_ == kRuns) {
      finish(now - start_);
      runs_ = 0;
      start_ = now;
    }
    return split_;
  }

 private:
  void finish(int64_t time) {
    time_[split_] = time;
    windows_++;
    const bool other = time_[!split_] == 0 || windows_ > kWindows || time_[!split_] < time;
    if (!other) return;
    split_ = !split_;
    windows_ = 0;
  }

  bool split_ = true;
  int runs_ = 0;
  int windows_ = 0;
  int64_t start_ = 0;
  int64_t last_ = 0;
  int64_t time_[2] = {0, 0};  // of the last window of each way
};

}  // namespace ab
