// Counts what a GPU would move: the accesses of a block's threads are put together as warps would have made them, the n-th of every lane at one
// line of the source being one instruction.
#pragma once

#include <map>
#include <vector>

#include "simt.h"

namespace simt {

class Counters {
 public:
  void record(const Site& site, Space space, bool store, const void* address, size_t bytes, int thread);
  void sawBarrier(const Site& site);
  void endBlock();
  void clear();
  std::vector<Site> barriers() const { return barriers_; }
  int64_t arrivals() const { return arrivals_; }
  std::vector<Traffic> traffic() const { return totals_; }

 private:
  struct Access {
    size_t total;  // which of totals_
    int warp;
    int64_t occurrence;
    uintptr_t address;
    size_t bytes;
    int lane;
  };
  size_t totalOf(const Site& site, Space space, bool store);
  static void add(Traffic& total, const Access* first, const Access* end);

  std::vector<Traffic> totals_;
  std::vector<Site> barriers_;
  int64_t arrivals_ = 0;  // of threads, at any barrier
  std::vector<Access> accesses_;
  std::map<std::pair<size_t, int>, int64_t> occurrences_;  // by total and thread
};

Counters& counters();

}  // namespace simt
