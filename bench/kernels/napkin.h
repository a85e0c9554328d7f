// The napkin: how long a kernel takes at least, if everything that limits it went at the measured speed of the machine and all else
// were free. What happens at the same time counts once, by the slowest; phases that follow one another add up.
#pragma once

#include <cstdint>
#include <string>

#include "machine.h"
#include "vector.h"

namespace ab::lab {

class Napkin {
 public:
  Napkin(const Machine& machine, int threads) : machine_(machine), threads_(threads) {}

  // Counts are totals of all threads; vectors of W numbers.
  void fmas(double vectors);
  // From the first-level cache, into registers; broadcasts are of single numbers.
  void loads(double vectors, double broadcasts = 0);
  void stores(double vectors);
  void scalarStores(double numbers);
  // Multiply-adds that wait for one another in chains of `length`, `chains` beside each other; `steps` in all chains together.
  void chain(double steps, double length, double chains = 1);
  // The same if every sum is stored and loaded again before it is added to.
  void chainThroughMemory(double steps, double chains);
  // Bytes that the first level has to fetch; from the first level itself they are free.
  void read(double bytes, const Level& from);
  // What follows begins when what was counted so far has ended.
  void then();

  const Machine& machine() const { return machine_; }
  double seconds() const { return past_ + now_; }
  // What takes longest in the longest phase.
  const std::string& by() const { return by_; }

 private:
  void limit(const char* what, double seconds);

  const Machine& machine_;
  int threads_;
  double past_ = 0, now_ = 0, longest_ = 0;
  std::string by_;
};

}  // namespace ab::lab
