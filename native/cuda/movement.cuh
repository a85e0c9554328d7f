// Kernels that move elements: a copy between two strided views, the same through shared memory where the views run across each other, and zeros.
#pragma once

#include "divisor.h"
#include "simt.cuh"

namespace ab::cuda {

constexpr int kAxes = 8;

// Two views of equal extents, strides and offsets in elements; neighbours along the last axis are copied by neighbouring threads.
struct Views {
  int rank = 0;
  uint32_t size = 1;
  Divisor extents[kAxes];
  int to[kAxes] = {}, from[kAxes] = {};
  int toOffset = 0, fromOffset = 0;
  int toBuffer = 0, fromBuffer = 0;
};

// Where the n-th element lies in both.
struct Places {
  int to, from;
  __device__ __forceinline__ Places(const Views& views, uint32_t n) : to(views.toOffset), from(views.fromOffset) {
    for (int i = views.rank - 1; i >= 0; i--) {
      const auto digit = static_cast<int>(views.extents[i].split(n));
      to += digit * views.to[i];
      from += digit * views.from[i];
    }
  }
};

template <class T>
__global__ void __launch_bounds__(256) copyViews(Views views, void* const* table) {
  const uint32_t n = blockIdx.x * blockDim.x + threadIdx.x;
  if (n >= views.size) return;
  const Places places(views, n);
  store(bufferAt<T>(table, views.toBuffer) + places.to, load(bufferAt<const T>(table, views.fromBuffer) + places.from));
}

// The last two axes of the result are (rows, columns); the source is contiguous along its rows' axis. A block turns a square of 32 x 32, which has a
// column to spare so that no two of its columns' elements lie in one bank.
constexpr int kSquare = 32;
constexpr int kSquareRows = 8;

struct Turn {
  Views outer;  // all other axes
  int rows = 0, columns = 0;
  int toStep = 0;    // from row to row of the result
  int fromStep = 0;  // from column to column in the source
  int squaresDown = 0, squaresAcross = 0;
};

template <class T>
__global__ void __launch_bounds__(kSquare * kSquareRows) copyTurned(Turn turn, void* const* table) {
  AB_SHARED(T, square, kSquare * (kSquare + 1));
  const int inside = static_cast<int>(blockIdx.x) % (turn.squaresDown * turn.squaresAcross);
  const Places places(turn.outer, blockIdx.x / (turn.squaresDown * turn.squaresAcross));
  const int row = inside / turn.squaresAcross * kSquare, column = inside % turn.squaresAcross * kSquare;
  const int x = static_cast<int>(threadIdx.x) % kSquare, y = static_cast<int>(threadIdx.x) / kSquare;
  const T* const from = bufferAt<const T>(table, turn.outer.fromBuffer) + places.from;
  T* const to = bufferAt<T>(table, turn.outer.toBuffer) + places.to;
  for (int i = y; i < kSquare; i += kSquareRows) {
    if (row + x < turn.rows && column + i < turn.columns) store(square + i * (kSquare + 1) + x, load(from + (column + i) * turn.fromStep + row + x));
  }
  __syncthreads();
  for (int i = y; i < kSquare; i += kSquareRows) {
    if (row + i < turn.rows && column + x < turn.columns) store(to + (row + i) * turn.toStep + column + x, load(square + x * (kSquare + 1) + i));
  }
}

// Elements [0, size) of a buffer.
template <class T>
__global__ void __launch_bounds__(256) fillZeros(int buffer, uint32_t size, void* const* table) {
  const uint32_t n = blockIdx.x * blockDim.x + threadIdx.x;
  if (n < size) store(bufferAt<T>(table, buffer) + n, T{0});
}

}  // namespace ab::cuda
