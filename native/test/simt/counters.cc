#include "counters.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace simt {
namespace {

constexpr uintptr_t kSector = 32;
constexpr uintptr_t kBanks = 32;

int64_t upTo(int64_t n, int64_t step) { return (n + step - 1) / step; }

}  // namespace

size_t Counters::totalOf(const Site& site, Space space, bool store) {
  for (size_t i = 0; i < totals_.size(); i++)
    if (totals_[i].site == site && totals_[i].space == space && totals_[i].store == store) return i;
  totals_.push_back({site, space, store});
  return totals_.size() - 1;
}

void Counters::record(const Site& site, Space space, bool store, const void* address, size_t bytes, int thread) {
  const size_t total = totalOf(site, space, store);
  const int64_t occurrence = occurrences_[{total, thread}]++;
  accesses_.push_back({total, thread / kWarp, occurrence, reinterpret_cast<uintptr_t>(address), bytes, thread % kWarp});
}

void Counters::sawBarrier(const Site& site) {
  arrivals_++;
  if (std::find(barriers_.begin(), barriers_.end(), site) == barriers_.end()) barriers_.push_back(site);
}

void Counters::endBlock() {
  const auto key = [](const Access& a) { return std::tuple(a.total, a.warp, a.occurrence); };
  std::sort(accesses_.begin(), accesses_.end(), [&](const Access& a, const Access& b) { return std::tuple(key(a), a.lane) < std::tuple(key(b), b.lane); });
  for (size_t i = 0; i < accesses_.size();) {
    size_t end = i;
    while (end < accesses_.size() && key(accesses_[end]) == key(accesses_[i])) end++;
    add(totals_[accesses_[i].total], &accesses_[i], accesses_.data() + end);
    i = end;
  }
  accesses_.clear();
  occurrences_.clear();
}

// One instruction of a warp.
void Counters::add(Traffic& total, const Access* first, const Access* end) {
  std::set<uintptr_t> words, sectors;
  int64_t bytes = 0;
  std::set<uintptr_t> addresses;
  for (const Access* a = first; a != end; a++) {
    if (addresses.insert(a->address).second) bytes += static_cast<int64_t>(a->bytes);
    for (uintptr_t at = a->address / kSector; at <= (a->address + a->bytes - 1) / kSector; at++) sectors.insert(at);
  }
  total.requests++;
  total.bytes += bytes;
  if (total.space == Space::global) {
    total.sectors += static_cast<int64_t>(sectors.size());
    total.ideal += upTo(bytes, static_cast<int64_t>(kSector));
    return;
  }
  // Wider accesses go half a warp or a quarter at a time, and each pass takes as long as its busiest bank has different words.
  const size_t piece = std::min<size_t>(first->bytes, 16);
  const int lanes = piece == 16 ? 8 : piece == 8 ? 16 : 32;
  for (uintptr_t part = 0; part < first->bytes; part += piece) {
    for (int lane = 0; lane < kWarp; lane += lanes) {
      std::set<uintptr_t> banks[kBanks];
      for (const Access* a = first; a != end; a++) {
        if (a->lane < lane || a->lane >= lane + lanes) continue;
        for (uintptr_t w = (a->address + part) / 4; w <= (a->address + part + piece - 1) / 4; w++) banks[w % kBanks].insert(w);
      }
      size_t busiest = 0, any = 0;
      for (const auto& bank : banks) {
        busiest = std::max(busiest, bank.size());
        any += bank.size();
      }
      total.phases += static_cast<int64_t>(busiest);
      total.ideal += any > 0 ? 1 : 0;
    }
  }
}

void Counters::clear() {
  totals_.clear();
  barriers_.clear();
  arrivals_ = 0;
}

Counters& counters() {
  static Counters all;
  return all;
}

std::vector<Site> barriers() { return counters().barriers(); }
int64_t arrivals() { return counters().arrivals(); }
std::vector<Traffic> traffic() { return counters().traffic(); }
void clearCounts() { counters().clear(); }

}  // namespace simt
