// The device's ladder, emulated. Every rung gives exact sums on odd sizes, the same in each order of threads; none of its barriers can be taken away; and
// the idea of each shows in what it asks of memory, which is held to the figures that follow from its tile.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../../../native/test/check.h"
#include "rung.h"

namespace {

using namespace ab;
using namespace ab::lab::device;
using test::expect;

// Numbers in memory that counts as the device's and begins at a sector, as its allocations do.
class DeviceNumbers {
 public:
  explicit DeviceNumbers(const std::vector<float>& values) : room_(values.size() + 64) {
    const auto at = reinterpret_cast<uintptr_t>(room_.data());
    values_ = std::span(room_).subspan((256 - at % 256) % 256 / sizeof(float), values.size());
    std::copy(values.begin(), values.end(), values_.begin());
    if (!values.empty()) simt::registerMemory(values_.data(), values_.size_bytes());
  }
  ~DeviceNumbers() {
    if (!values_.empty()) simt::forgetMemory(values_.data());
  }
  DeviceNumbers(const DeviceNumbers&) = delete;
  DeviceNumbers& operator=(const DeviceNumbers&) = delete;
  float* data() const { return values_.data(); }
  std::vector<float> values() const { return {values_.begin(), values_.end()}; }

 private:
  std::vector<float> room_;
  std::span<float> values_;
};

// C by one rung, the threads of a block in the order that `seed` gives. Throws simt::Fault.
std::vector<float> run(const Rung& rung, const Gemm& g, const std::vector<float>& a, const std::vector<float>& b, uint64_t seed) {
  const DeviceNumbers left(a), right(b), result(std::vector<float>(static_cast<size_t>(g.m * g.n), 77.0f));
  std::array<void*, 3> table = {left.data(), right.data(), result.data()};
  struct Registered {
    explicit Registered(std::array<void*, 3>& of) : memory(of.data()) { simt::registerMemory(memory, sizeof of); }
    ~Registered() { simt::forgetMemory(memory); }
    void* memory;
  } const registered(table);
  simt::options().seed = seed;
  cudaStream_t stream;
  cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
  rung.launch(stream, g, {left.data(), right.data(), result.data(), table.data()});
  cudaStreamSynchronize(stream);
  cudaStreamDestroy(stream);
  return result.values();
}

std::string nameOf(const Rung& rung, const Gemm& g) {
  return std::string(rung.name) + " " + std::to_string(g.m) + " x " + std::to_string(g.n) + " x " + std::to_string(g.k);
}

// One over and one under each tile; rows that come in fours and do not; no depth at all.
constexpr Gemm kSizes[] = {{1, 1, 1}, {3, 5, 7}, {31, 33, 16}, {33, 31, 17}, {65, 66, 8}, {129, 4, 9}, {5, 132, 70}, {130, 129, 12}, {2, 3, 0}};

void sums(const Rung& rung) {
  for (const Gemm& g : kSizes) {
    const std::vector<float> a = test::smallIntegers<float>(g.m * g.k), b = test::smallIntegers<float>(g.k * g.n);
    std::vector<float> want(static_cast<size_t>(g.m * g.n));
    for (int i = 0; i < g.m; i++)
      for (int j = 0; j < g.n; j++) {
        double sum = 0;
        for (int p = 0; p < g.k; p++) sum += double{a[static_cast<size_t>(i * g.k + p)]} * double{b[static_cast<size_t>(p * g.n + j)]};
        want[static_cast<size_t>(i * g.n + j)] = static_cast<float>(sum);
      }
    for (const uint64_t seed : {1, 2}) expect(run(rung, g, a, b, seed) == want, nameOf(rung, g));
  }
  // Where sums are rounded, another order of additions would show.
  const Gemm g{40, 36, 21};
  const std::vector<float> a = test::fractions<float>(g.m * g.k), b = test::fractions<float>(g.k * g.n);
  expect(run(rung, g, a, b, 1) == run(rung, g, a, b, 3), nameOf(rung, g) + ": the order of threads changes the result");
}

void barriers(const Rung& rung) {
  const Gemm g{33, 31, 70};
  const std::vector<float> a(static_cast<size_t>(g.m * g.k), 1.0f), b(static_cast<size_t>(g.k * g.n), 1.0f);
  simt::clearCounts();
  simt::options().counting = true;
  run(rung, g, a, b, 1);
  simt::options().counting = false;
  for (const simt::Site& site : simt::barriers()) {
    bool missed = false;
    simt::options().withoutBarrier = site;
    try {
      run(rung, g, a, b, 1);
    } catch (const simt::Fault& fault) {
      missed = std::string(fault.what()).find("shared memory") != std::string::npos;
    }
    simt::options().withoutBarrier.reset();
    expect(missed, std::string(rung.name) + " does without the barrier at " + site.text());
  }
}

// What a rung asks of memory.
struct Asked {
  // For each multiply-add of a warp, 32 of them: sectors that loads take and instructions that load, of global memory; instructions, passes of the banks and
  // bytes, an address counted once, of shared memory.
  double sectors = 0, loads = 0, sharedLoads = 0, passes = 0, bytes = 0;
  // Sectors for each 32 elements of C that are stored: 4 at best.
  double stored = 0;
  // Barriers that a thread comes to.
  double barriers = 0;
  bool operator==(const Asked&) const = default;
};

struct Expected {
  const char* name;
  Gemm size;  // whole tiles
  Asked asked;
};

constexpr Gemm kSmall{64, 64, 32}, kWhole{128, 128, 32};
// All are powers of two, or a few of them: the comparison is exact.
constexpr Expected kExpected[] = {
    {"naive", kSmall, {.sectors = 33, .loads = 2, .stored = 32}},
    // 1 sector of A in place of 32, 4 of B in place of 1.
    {"coalesced", kSmall, {.sectors = 5, .loads = 2, .stored = 4}},
    // Each number is read by 32 threads, from shared memory: 4 bytes of A and 128 of B.
    {"shared_tile", kSmall, {.sectors = 1.0 / 4, .loads = 1.0 / 16, .sharedLoads = 2, .passes = 2, .bytes = 132, .stored = 4, .barriers = 2}},
    // 16 loads for 64: those of A in 2 passes each, those of B in 4.
    {"register_tile", kWhole, {.sectors = 1.0 / 16, .loads = 1.0 / 64, .sharedLoads = 1.0 / 4, .passes = 48.0 / 64, .bytes = 9, .stored = 32, .barriers = 8}},
    {"vectorised", kWhole, {.sectors = 1.0 / 16, .loads = 1.0 / 256, .sharedLoads = 1.0 / 16, .passes = 24.0 / 64, .bytes = 9, .stored = 8, .barriers = 8}},
    // 4 loads of 16 bytes take 16 passes at least.
    {"warp_tile", kWhole, {.sectors = 1.0 / 16, .loads = 1.0 / 256, .sharedLoads = 1.0 / 16, .passes = 16.0 / 64, .bytes = 6, .stored = 4, .barriers = 8}},
    {"product", kWhole, {.sectors = 1.0 / 16, .loads = 1.0 / 256, .sharedLoads = 1.0 / 16, .passes = 16.0 / 64, .bytes = 6, .stored = 4, .barriers = 3}},
};

Asked askedBy(const Rung& rung, const Gemm& g) {
  const std::vector<float> a(static_cast<size_t>(g.m * g.k), 1.0f), b(static_cast<size_t>(g.k * g.n), 1.0f);
  simt::clearCounts();
  simt::options().counting = true;
  run(rung, g, a, b, 1);
  simt::options().counting = false;
  const double multiplyAdds = double(g.m) * g.n * g.k / 32, elements = double(g.m) * g.n / 32;
  Asked asked;
  for (const simt::Traffic& each : simt::traffic()) {
    // The table of addresses, which what ships reads and the others do not.
    if (each.site.text().starts_with("simt.cuh")) continue;
    if (each.space == simt::Space::global && each.store) asked.stored += static_cast<double>(each.sectors) / elements;
    if (each.store) continue;
    const auto requests = static_cast<double>(each.requests) / multiplyAdds;
    if (each.space == simt::Space::global) {
      asked.loads += requests;
      asked.sectors += static_cast<double>(each.sectors) / multiplyAdds;
    } else {
      asked.sharedLoads += requests;
      asked.passes += static_cast<double>(each.phases) / multiplyAdds;
      asked.bytes += static_cast<double>(each.bytes) / multiplyAdds;
    }
  }
  asked.barriers = static_cast<double>(simt::arrivals()) / (double(gridDim.x) * gridDim.y * blockDim.x);
  return asked;
}

void ideas() {
  expect(std::size(kExpected) == std::size(kRungs), "every rung is expected to ask for something");
  if (std::getenv("AB_TRAFFIC") != nullptr) std::printf("%-14s sectors    loads  shared   passes    bytes   stored barriers\n", "");
  for (size_t i = 0; i < std::size(kRungs); i++) {
    const Rung& rung = *kRungs[i];
    const Expected& expected = kExpected[i];
    expect(std::string_view(rung.name) == expected.name, std::string(rung.name) + " stands where " + expected.name + " is expected");
    const Asked got = askedBy(rung, expected.size);
    const std::string text = [&] {
      std::array<char, 200> line;
      std::snprintf(line.data(), line.size(), "%-14s %7.4f %8.5f %7.4f %8.4f %8.3f %8.2f %8.2f", rung.name, got.sectors, got.loads, got.sharedLoads, got.passes,
                    got.bytes, got.stored, got.barriers);
      return std::string(line.data());
    }();
    if (std::getenv("AB_TRAFFIC") != nullptr) std::printf("%s\n", text.c_str());
    expect(got == expected.asked, "asks for something else: " + text);
  }
}

}  // namespace

int main() {
  for (const Rung* const rung : kRungs) {
    sums(*rung);
    barriers(*rung);
  }
  ideas();
  return test::finish();
}
