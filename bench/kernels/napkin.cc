#include "napkin.h"

#include <algorithm>

namespace ab::lab {

void Napkin::fmas(double vectors) { limit("multiply-adds", vectors / machine_.fmas(threads_)); }
void Napkin::loads(double vectors, double broadcasts) {
  limit("loads", std::max({vectors / machine_.loads, broadcasts / machine_.broadcasts, (vectors + broadcasts) / machine_.mixed}) / threads_);
}
void Napkin::stores(double vectors) { limit("stores", vectors / machine_.stores / threads_); }
void Napkin::scalarStores(double numbers) { limit("scalar stores", numbers / machine_.scalarStores / threads_); }

// A core looks some 300 to 500 instructions ahead, three or four to a step: while one chain ends the next has begun, and short ones run
// side by side.
void Napkin::chain(double steps, double length, double chains) {
  constexpr double kAhead = 128;
  limit("latency", steps / (chains + kAhead / length) * machine_.latency / threads_);
}
void Napkin::chainThroughMemory(double steps, double chains) {
  limit("store to load", steps / chains * machine_.throughMemory / threads_);
}

void Napkin::read(double bytes, const Level& from) {
  const bool near = &from == &machine_.levels[0], memory = &from == &machine_.levels[3];
  if (!near) limit(from.name, bytes / (from.readGBs * 1e9) / (memory ? 1 : threads_));
}

void Napkin::then() {
  past_ += now_;
  now_ = 0;
}

void Napkin::limit(const char* what, double seconds) {
  now_ = std::max(now_, seconds);
  if (seconds <= longest_) return;
  longest_ = seconds;
  by_ = what;
}

}  // namespace ab::lab
