#include "check.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <stdexcept>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace ab::test {
namespace {

std::mutex mutex;
int64_t checks = 0;
int failures = 0;
const auto started = std::chrono::steady_clock::now();

uint64_t xorshift(uint64_t& state) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}
uint64_t numbers = 88172645463325252ull;
uint64_t choices = 2463534242ull;

constexpr std::byte kCanary{0xa5};
const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));

}  // namespace

bool count(bool ok) {
  const std::lock_guard<std::mutex> lock(mutex);
  checks++;
  failures += ok ? 0 : 1;
  return ok;
}

void report(const std::string& what) {
  const std::lock_guard<std::mutex> lock(mutex);
  if (failures <= 20) std::printf("FAILED [%s, %d threads] %s\n", isaName(), ThreadPool::instance().threads(), what.c_str());
}

int finish() {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  std::printf("%lld checks, %d failed, %.1f s\n", static_cast<long long>(checks), failures, seconds);
  return failures == 0 && checks > 0 ? 0 : 1;
}

int64_t randomBelow(int64_t n) { return static_cast<int64_t>(xorshift(numbers) % static_cast<uint64_t>(n)); }

bool skipped() { return xorshift(choices) / 7 % AB_CHECK_EVERY != 0; }

// Pages between two that cannot be touched. Regions are kept for the next buffer of like size: mapping costs more than most kernels.
struct Region {
  std::byte* first;
  size_t bytes;
};

namespace {

std::vector<Region*>& freeRegions(size_t bytes) {
  // Never destroyed, or the regions in it would count as leaked.
  static auto* const lists = new std::vector<Region*>[64];
  return lists[std::countr_zero(bytes)];
}

Region* takeRegion(size_t bytes) {
  const size_t whole = std::bit_ceil(std::max(bytes, page));
  std::vector<Region*>& list = freeRegions(whole);
  if (!list.empty()) {
    Region* const region = list.back();
    list.pop_back();
    return region;
  }
  void* const memory = mmap(nullptr, whole + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  auto* const first = static_cast<std::byte*>(memory) + page;
  if (mprotect(first, whole, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  return new Region{first, whole};
}

}  // namespace

GuardedBytes::GuardedBytes(size_t bytes, Edge edge)
    : region_(takeRegion(bytes)),
      data_(edge == Edge::front ? region_->first : region_->first + region_->bytes - bytes),
      bytes_(bytes),
      edge_(edge) {
  std::memset(beside(), static_cast<int>(kCanary), slack());
#if defined(__SANITIZE_ADDRESS__)
  __asan_poison_memory_region(beside(), slack());
#endif
}

GuardedBytes::~GuardedBytes() {
#if defined(__SANITIZE_ADDRESS__)
  __asan_unpoison_memory_region(beside(), slack());
#endif
  freeRegions(region_->bytes).push_back(region_);
}

// Two of the widest vectors' worth on the open side.
size_t GuardedBytes::slack() const { return std::min<size_t>(region_->bytes - bytes_, 128); }
std::byte* GuardedBytes::beside() const { return edge_ == Edge::front ? data_ + bytes_ : data_ - slack(); }

bool GuardedBytes::intact() const {
#if defined(__SANITIZE_ADDRESS__)
  return true;  // touching it ends the test
#else
  return std::all_of(beside(), beside() + slack(), [](std::byte b) { return b == kCanary; });
#endif
}

ForcedIsa::ForcedIsa(Isa which) : available_(isaSupported(which) && (kOnEverySet || which == kIsas[0])), before_(checks) {
  if (available_) {
    setIsa(which);
    return;
  }
  if (!kOnEverySet) return;
  bool refused = false;
  try {
    setIsa(which);
  } catch (const std::runtime_error&) {
    refused = true;
  }
  expect(refused, "setIsa refuses a set this processor lacks");
  std::printf("%-8s not on this processor\n", isaName(which));
}

ForcedIsa::~ForcedIsa() {
  if (available_) std::printf("%-8s %lld checks\n", isaName(), static_cast<long long>(checks - before_));
}

std::vector<int64_t> sizesAround(std::initializer_list<int64_t> tiles) {
  std::set<int64_t> sizes{0, 1, 2, 3, 7, 31, 63};
  for (const int64_t tile : tiles)
    for (const int64_t size : {tile - 1, tile, tile + 1})
      if (size >= 0) sizes.insert(size);
  return {sizes.begin(), sizes.end()};
}

}  // namespace ab::test
