// CUDA's execution model on the CPU, for tests of kernels where no GPU is: every thread of a block is a fiber, a barrier hands control to the
// next one, and the order of threads and blocks is shuffled by a seed. What a GPU leaves undefined is a Fault here: a barrier that not all
// threads reach, shared memory that is read before it is written or without a barrier between, an address outside its allocation, two threads
// that write one place. Warps run in no lockstep; shuffles wait for all their lanes. One emulated device, used by one thread of the host.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <vector>

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
};

extern dim3 gridDim, blockDim;

namespace simt {

constexpr int kWarp = 32;

// What a kernel did that it must not. The message names the place in the source and the threads.
struct Fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A line of a kernel's source.
struct Site {
  const char* file = "";
  unsigned line = 0;
  Site() = default;
  Site(const std::source_location& where) : file(where.file_name()), line(where.line()) {}
  bool operator==(const Site& other) const;
  std::string text() const;
};

enum class Space { global, shared };

// What one line of the source asked of memory, over all warps and blocks of a launch.
struct Traffic {
  Site site;
  Space space = Space::global;
  bool store = false;
  int64_t requests = 0;  // instructions of a warp
  int64_t bytes = 0;     // that threads asked for, counting an address once
  int64_t sectors = 0;   // of 32 bytes that came from or went to memory; global memory only
  int64_t phases = 0;    // passes that the banks of shared memory took: 1 for each 128 bytes at best
  int64_t ideal = 0;     // the fewest sectors or phases that could have served the same number of bytes
};

struct Options {
  uint64_t seed = 1;
  bool counting = false;
  std::optional<Site> withoutBarrier;  // this one is passed by: to see that it is missed
};
Options& options();

// Barriers that any thread passed, how often threads came to any, and traffic since the counts were cleared, while Options::counting.
std::vector<Site> barriers();
int64_t arrivals();
std::vector<Traffic> traffic();
void clearCounts();

// Device memory: accesses outside of what is registered are faults.
void registerMemory(void* memory, size_t bytes);
void forgetMemory(void* memory);
bool isDeviceMemory(const void* memory, size_t bytes);

// Runs body once for each thread. Throws Fault.
void runGrid(dim3 grid, dim3 block, const std::function<void()>& body);

// From here on: what kernels call, inside a thread.

struct Thread {
  dim3 place, blockPlace;
  int index = 0;  // in the block
};
extern Thread* current;

void access(bool store, const void* address, size_t bytes, const Site& site);
void barrier(const Site& site);
// The block's memory for one declaration, named by `key`.
void* sharedMemory(const void* key, size_t bytes);
// Hands in 8 bytes; returns what lane `lane` of the warp handed in. `lane` beyond the warp: one's own.
uint64_t shuffle(uint64_t value, int lane, const Site& site);

}  // namespace simt

// CUDA's words. The coordinates of a thread start at 0, unlike dim3.
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define threadIdx (::simt::current->place)
#define blockIdx (::simt::current->blockPlace)
#define __syncthreads() ::simt::barrier(std::source_location::current())

template <class T>
T shuffleBits(T value, int lane, const simt::Site& site) {
  static_assert(sizeof(T) <= 8);
  uint64_t bits = 0;
  __builtin_memcpy(&bits, &value, sizeof(T));
  bits = simt::shuffle(bits, lane, site);
  T result;
  __builtin_memcpy(&result, &bits, sizeof(T));
  return result;
}

// Masks other than of the whole warp are not emulated.
template <class T>
T __shfl_down_sync(unsigned, T value, unsigned delta, int = simt::kWarp, const std::source_location& where = std::source_location::current()) {
  return shuffleBits(value, simt::current->index % simt::kWarp + static_cast<int>(delta), where);
}
template <class T>
T __shfl_sync(unsigned, T value, int lane, int = simt::kWarp, const std::source_location& where = std::source_location::current()) {
  return shuffleBits(value, lane, where);
}
