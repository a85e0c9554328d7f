// The dialect that kernels are written in: CUDA, but for four things, which nvcc compiles to what they stand for and the emulation of
// native/test/simt watches. Memory is read by load() and written by store(); shared memory is declared by AB_SHARED; numbers are multiplied and
// added in one rounding by multiplyAdd() (the compiler is told to fuse nothing of its own accord); loops over registers are unrolled by AB_UNROLL, for
// nvcc left to itself kept one of a convolution rolled up on 12.0, and 368 bytes of each thread in memory.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <type_traits>

#if !defined(__CUDACC__)
#include <source_location>
#endif

namespace ab::cuda {

// Four neighbours, moved in accesses of 16 bytes.
template <class T>
struct alignas(16) Four {
  T v[4];
};

#if defined(__CUDACC__)

#define AB_UNROLL _Pragma("unroll")
#define AB_SHARED(T, name, count) __shared__ __align__(16) T name[count]

template <class T>
__device__ __forceinline__ T load(const T* from) {
  return *from;
}
template <class T>
__device__ __forceinline__ void store(T* to, T value) {
  *to = value;
}

#else

#define AB_UNROLL
#define AB_SHARED(T, name, count)    \
  static const char name##Key = 0;   \
  T* const name = static_cast<T*>(::simt::sharedMemory(&name##Key, sizeof(T) * (count)))

template <class T>
T load(const T* from, const std::source_location& where = std::source_location::current()) {
  ::simt::access(false, from, sizeof(T), where);
  return *from;
}
template <class T>
void store(T* to, std::type_identity_t<T> value, const std::source_location& where = std::source_location::current()) {
  ::simt::access(true, to, sizeof(T), where);
  *to = value;
}

#endif

__device__ __forceinline__ float multiplyAdd(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
__device__ __forceinline__ double multiplyAdd(double x, double y, double z) { return __builtin_fma(x, y, z); }

// The memory of buffer `i` of the program; a graph knows buffers by their numbers alone, and each run brings the addresses.
template <class T>
__device__ __forceinline__ T* bufferAt(void* const* table, int i) {
  return static_cast<T*>(load(table + i));
}

}  // namespace ab::cuda
