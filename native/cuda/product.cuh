// Products of matrices by tiles, whatever the matrices are: a plain one, or the patches of an image that a convolution reads, which exist only as
// the rule of a reader. One kernel so serves products and all three convolutions.
//
// A block computes one tile of the result. It brings slices of both factors to shared memory, two in turn, so that the next is on its way while
// this one is multiplied; each warp owns a part of the tile and each thread a few squares of 4 x 4 in registers. The order of additions depends
// on the shape of the tile and on nothing else.
//
// A reader has
//   T                      the type of its elements
//   Line, line(i)          what is known of line i (a row of the first factor, a column of the second), computed once for each thread
//   kAlongDepth            whether neighbours in memory are neighbours along the depth of the product, or along its lines
//   at(line, k)            one element; 0 outside
//   four(line, k, values)  four neighbours in memory, from there on; 0 outside
//   bind(table, z)         its memory, of the z-th product of a batch
#pragma once

#include "simt.cuh"

namespace ab::cuda {

// Warps down and across, and squares of 4 x 4 that a thread owns in either direction. A warp's lanes are 8 x 4.
template <int warpRows, int warpColumns, int squaresDown, int squaresAcross>
struct Tile {
  static constexpr int kSquaresDown = squaresDown, kSquaresAcross = squaresAcross, kWarpColumns = warpColumns;
  static constexpr int kWarpHeight = 32 * squaresDown, kWarpWidth = 16 * squaresAcross;
  static constexpr int kRows = warpRows * kWarpHeight, kColumns = warpColumns * kWarpWidth;
  static constexpr int kThreads = 32 * warpRows * warpColumns;
};
using LargeTile = Tile<2, 4, 2, 2>;   // 128 x 128
using TallTile = Tile<4, 1, 1, 2>;    // 128 x 32: few columns, as the channels of a small network
using MiddleTile = Tile<2, 4, 1, 1>;  // 64 x 64, for doubles too
using SmallTile = Tile<1, 2, 1, 1>;   // 32 x 32

// Of the result and of the sums over parts of the depth.
struct ProductShape {
  int rows = 0, columns = 0, depth = 0;
  int first = 0;       // of the products of the batch that one launch computes
  int splits = 1;      // parts of the depth, each summed by itself
  int partDepth = 0;   // a multiple of kDepth
};

struct ProductOutput {
  int buffer = 0;
  int rowStride = 0;
  int64_t batchStride = 0;
  int64_t splitStride = 0;
  bool aligned = false;  // four columns at a multiple of 4 can be written at once
};

constexpr int kDepth = 16;
// What a slice's rows have to spare, so that a column of it lies in several banks.
constexpr int kSpare = 4;

// A slice of one factor: brought from memory to registers, and from there to shared memory, stored by depth.
template <class Reader, int kLines, int kThreads>
class Slice {
 public:
  using T = typename Reader::T;
  static constexpr int kStride = kLines + kSpare;

  __device__ __forceinline__ Slice(const Reader& reader, int firstLine) : reader_(reader) {
    AB_UNROLL for (int s = 0; s < kFours; s++) lines_[s] = reader.line(firstLine + lineOf(s));
  }
  __device__ __forceinline__ void fetch(int firstDepth) {
    AB_UNROLL for (int s = 0; s < kFours; s++) reader_.four(lines_[s], firstDepth + depthOf(s), values_[s].v);
  }
  __device__ __forceinline__ void put(T* shared) const {
    AB_UNROLL for (int s = 0; s < kFours; s++) {
      T* const to = shared + depthOf(s) * kStride + lineOf(s);
      if constexpr (Reader::kAlongDepth) {
        for (int i = 0; i < 4; i++) store(to + i * kStride, values_[s].v[i]);
      } else {
        store(reinterpret_cast<Four<T>*>(to), values_[s]);
      }
    }
  }

 private:
  static constexpr int kFours = kLines * kDepth / 4 / kThreads;
  static_assert(kFours * 4 * kThreads == kLines * kDepth);

  // Neighbouring threads read neighbouring memory.
  __device__ __forceinline__ static int lineOf(int s) {
    const int n = static_cast<int>(threadIdx.x) + s * kThreads;
    return Reader::kAlongDepth ? n / (kDepth / 4) : n % (kLines / 4) * 4;
  }
  __device__ __forceinline__ static int depthOf(int s) {
    const int n = static_cast<int>(threadIdx.x) + s * kThreads;
    return Reader::kAlongDepth ? n % (kDepth / 4) * 4 : n / (kLines / 4);
  }

  const Reader& reader_;
  typename Reader::Line lines_[kFours];
  Four<T> values_[kFours];
};

// One block for each tile; blockIdx.z numbers the parts of the depth within the products of a batch. Tiles are numbered in one row, for a grid may
// be 2^31 blocks long but no more than 65535 wide.
template <class Tile, class A, class B>
__global__ void __launch_bounds__(Tile::kThreads) productOfTiles(ProductShape shape, A a, B b, ProductOutput out, void* const* table) {
  using T = typename A::T;
  using SliceA = Slice<A, Tile::kRows, Tile::kThreads>;
  using SliceB = Slice<B, Tile::kColumns, Tile::kThreads>;
  constexpr int kSharedA = kDepth * SliceA::kStride, kSharedB = kDepth * SliceB::kStride;
  AB_SHARED(T, sharedA, 2 * kSharedA);
  AB_SHARED(T, sharedB, 2 * kSharedB);

  const int split = static_cast<int>(blockIdx.z) % shape.splits;
  const int matrix = shape.first + static_cast<int>(blockIdx.z) / shape.splits;
  a.bind(table, matrix);
  b.bind(table, matrix);
  const int tilesDown = (shape.rows + Tile::kRows - 1) / Tile::kRows;
  const int firstRow = static_cast<int>(blockIdx.x) % tilesDown * Tile::kRows;
  const int firstColumn = static_cast<int>(blockIdx.x) / tilesDown * Tile::kColumns;
  const int begin = split * shape.partDepth;
  const int end = begin + shape.partDepth < shape.depth ? begin + shape.partDepth : shape.depth;

  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int row = warp / Tile::kWarpColumns * Tile::kWarpHeight + lane / 4 * 4;
  const int column = warp % Tile::kWarpColumns * Tile::kWarpWidth + lane % 4 * 4;

  T sums[4 * Tile::kSquaresDown][4 * Tile::kSquaresAcross] = {};
  SliceA sliceA(a, firstRow);
  SliceB sliceB(b, firstColumn);
  sliceA.fetch(begin);
  sliceB.fetch(begin);
  sliceA.put(sharedA);
  sliceB.put(sharedB);
  __syncthreads();
  int turn = 0;
  for (int k0 = begin; k0 < end; k0 += kDepth) {
    const bool more = k0 + kDepth < end;
    if (more) {
      sliceA.fetch(k0 + kDepth);
      sliceB.fetch(k0 + kDepth);
    }
    const T* const fromA = sharedA + turn * kSharedA + row;
    const T* const fromB = sharedB + turn * kSharedB + column;
    for (int k = 0; k < kDepth; k++) {
      Four<T> left[Tile::kSquaresDown], right[Tile::kSquaresAcross];
      AB_UNROLL for (int i = 0; i < Tile::kSquaresDown; i++) left[i] = load(reinterpret_cast<const Four<T>*>(fromA + k * SliceA::kStride + 32 * i));
      AB_UNROLL for (int j = 0; j < Tile::kSquaresAcross; j++) right[j] = load(reinterpret_cast<const Four<T>*>(fromB + k * SliceB::kStride + 16 * j));
      AB_UNROLL for (int i = 0; i < 4 * Tile::kSquaresDown; i++)
        AB_UNROLL for (int j = 0; j < 4 * Tile::kSquaresAcross; j++)
          sums[i][j] = multiplyAdd(left[i / 4].v[i % 4], right[j / 4].v[j % 4], sums[i][j]);
    }
    turn ^= 1;
    if (more) {
      sliceA.put(sharedA + turn * kSharedA);
      sliceB.put(sharedB + turn * kSharedB);
    }
    __syncthreads();
  }

  T* const to = bufferAt<T>(table, out.buffer) + matrix * out.batchStride + split * out.splitStride;
  AB_UNROLL for (int i = 0; i < 4 * Tile::kSquaresDown; i++) {
    const int r = firstRow + row + i / 4 * 32 + i % 4;
    if (r >= shape.rows) continue;
    AB_UNROLL for (int j = 0; j < Tile::kSquaresAcross; j++) {
      const int c = firstColumn + column + 16 * j;
      T* const at = to + static_cast<int64_t>(r) * out.rowStride + c;
      if (out.aligned && c + 4 <= shape.columns) {
        Four<T> four;
        for (int e = 0; e < 4; e++) four.v[e] = sums[i][4 * j + e];
        store(reinterpret_cast<Four<T>*>(at), four);
      } else {
        for (int e = 0; e < 4; e++)
          if (c + e < shape.columns) store(at + e, sums[i][4 * j + e]);
      }
    }
  }
}

// x + y and x * y as the language defines them: integers wrap.
template <class T>
__device__ __forceinline__ T wrappingMultiplyAdd(T x, T y, T z) {
  if constexpr (std::is_floating_point_v<T>) return multiplyAdd(x, y, z);
  else return static_cast<T>(static_cast<uint32_t>(x) * static_cast<uint32_t>(y) + static_cast<uint32_t>(z));
}

// One thread for each element, for integers, which no network multiplies in earnest.
template <class A, class B>
__global__ void __launch_bounds__(256) productOfEach(ProductShape shape, A a, B b, ProductOutput out, void* const* table) {
  using T = typename A::T;
  const int matrix = shape.first + static_cast<int>(blockIdx.z);
  const int64_t n = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (n >= static_cast<int64_t>(shape.rows) * shape.columns) return;
  const int row = static_cast<int>(n / shape.columns), column = static_cast<int>(n % shape.columns);
  a.bind(table, matrix);
  b.bind(table, matrix);
  const typename A::Line left = a.line(row);
  const typename B::Line right = b.line(column);
  T sum{0};
  for (int k = 0; k < shape.depth; k++) sum = wrappingMultiplyAdd(a.at(left, k), b.at(right, k), sum);
  store(bufferAt<T>(table, out.buffer) + matrix * out.batchStride + static_cast<int64_t>(row) * out.rowStride + column, sum);
}

// The second pass of a product whose depth was split: the parts are added in their order. `parts` holds `splits` results, one after the other,
// for each product of a batch.
template <class T>
__global__ void __launch_bounds__(256) sumOfParts(int parts, ProductShape shape, int64_t elements, ProductOutput out, void* const* table) {
  const int64_t n = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (n >= elements) return;
  const int64_t size = static_cast<int64_t>(shape.rows) * shape.columns;
  const int64_t matrix = n / size, at = n % size;
  const T* const from = bufferAt<const T>(table, parts) + matrix * shape.splits * size + at;
  T sum = load(from);
  for (int s = 1; s < shape.splits; s++) sum += load(from + s * size);
  store(bufferAt<T>(table, out.buffer) + matrix * out.batchStride + at / shape.columns * out.rowStride + at % shape.columns, sum);
}

}  // namespace ab::cuda
