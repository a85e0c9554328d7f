// Counting, searching, and moving rows by index.
#pragma once

#include "divisor.h"
#include "simt.cuh"

namespace ab::cuda {

// Axes before, along and after the one that counts.
struct Around {
  uint32_t outer = 1, extent = 1, inner = 1;
};

template <class T>
__global__ void __launch_bounds__(256) iota(int buffer, Around around, void* const* table) {
  const uint32_t n = blockIdx.x * blockDim.x + threadIdx.x;
  if (n < around.outer * around.extent * around.inner) store(bufferAt<T>(table, buffer) + n, static_cast<T>(n / around.inner % around.extent));
}

// Whether `value` comes before `best` as the largest: a NaN is larger than anything.
template <class T>
__device__ __forceinline__ bool beats(T value, T best) {
  if constexpr (std::is_floating_point_v<T>) return value > best || (value != value && best == best);
  else return value > best;
}

// One thread for each result, along axes with others inside them: neighbouring threads read neighbouring memory.
template <class T>
__global__ void __launch_bounds__(256) argmaxOfColumns(int from, int to, Around around, void* const* table) {
  const uint32_t n = blockIdx.x * blockDim.x + threadIdx.x;
  if (n >= around.outer * around.inner) return;
  const T* const column = bufferAt<const T>(table, from) + n / around.inner * around.extent * around.inner + n % around.inner;
  T best = load(column);
  int at = 0;
  for (uint32_t i = 1; i < around.extent; i++) {
    const T value = load(column + i * around.inner);
    if (beats(value, best)) best = value, at = static_cast<int>(i);
  }
  store(bufferAt<int32_t>(table, to) + n, at);
}

// One warp for each row of the last axis. Of equals the first wins, in whatever order they meet.
template <class T>
__global__ void __launch_bounds__(256) argmaxOfRows(int from, int to, Around around, void* const* table) {
  const uint32_t row = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
  const uint32_t lane = threadIdx.x % 32;
  // The same for all lanes of a warp, which so meet at each shuffle or at none.
  if (row >= around.outer) return;
  const T* const values = bufferAt<const T>(table, from) + static_cast<int64_t>(row) * around.extent;
  // A lane without elements holds the row's first, which changes nothing.
  int at = lane < around.extent ? static_cast<int>(lane) : 0;
  T best = load(values + at);
  for (uint32_t i = lane + 32; i < around.extent; i += 32) {
    const T value = load(values + i);
    if (beats(value, best)) best = value, at = static_cast<int>(i);
  }
  for (int step = 16; step > 0; step /= 2) {
    const T value = __shfl_down_sync(0xffffffffu, best, step);
    const int other = __shfl_down_sync(0xffffffffu, at, step);
    if (beats(value, best) || (!beats(best, value) && other < at)) best = value, at = other;
  }
  if (lane == 0) store(bufferAt<int32_t>(table, to) + row, at);
}

// Of the table that rows are taken from or added to, and how many are named.
struct RowShape {
  uint32_t rows = 0, width = 0, count = 0;
};

// One thread for each element. An index is read once, and a row that does not exist is 0.
template <class T>
__global__ void __launch_bounds__(256) takeRows(int index, int from, int to, RowShape shape, Divisor width, void* const* table) {
  const uint32_t n = blockIdx.x * blockDim.x + threadIdx.x;
  if (n >= shape.count * shape.width) return;
  uint32_t which = n;
  const uint32_t column = width.split(which);
  const auto row = static_cast<uint32_t>(load(bufferAt<const int32_t>(table, index) + which));
  T value{0};
  if (row < shape.rows) value = load(bufferAt<const T>(table, from) + static_cast<int64_t>(row) * shape.width + column);
  store(bufferAt<T>(table, to) + n, value);
}

// One block for one row of the result and 256 of its columns: all threads look at every index, which come to shared memory 256 at a time, and add
// what is theirs in the order of the indices.
template <class T>
__global__ void __launch_bounds__(256) addRows(int index, int from, int to, RowShape shape, void* const* table) {
  AB_SHARED(uint32_t, indices, 256);
  const uint32_t across = (shape.width + 255) / 256;
  const uint32_t row = blockIdx.x / across;
  const uint32_t column = blockIdx.x % across * 256 + threadIdx.x;
  const int32_t* const named = bufferAt<const int32_t>(table, index);
  const T* const rows = bufferAt<const T>(table, from);
  T sum{0};
  for (uint32_t first = 0; first < shape.count; first += 256) {
    const uint32_t here = shape.count - first < 256 ? shape.count - first : 256;
    if (threadIdx.x < here) store(indices + threadIdx.x, static_cast<uint32_t>(load(named + first + threadIdx.x)));
    __syncthreads();
    for (uint32_t i = 0; i < here; i++) {
      if (load(indices + i) != row || column >= shape.width) continue;
      const T value = load(rows + static_cast<int64_t>(first + i) * shape.width + column);
      if constexpr (std::is_floating_point_v<T>) sum += value;
      else sum = static_cast<T>(static_cast<uint32_t>(sum) + static_cast<uint32_t>(value));
    }
    __syncthreads();
  }
  if (column < shape.width) store(bufferAt<T>(table, to) + static_cast<int64_t>(row) * shape.width + column, sum);
}

}  // namespace ab::cuda
