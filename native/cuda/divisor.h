// Division by a number that is known before the kernel runs, as a multiplication: a GPU divides integers in about twenty instructions.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace ab::cuda {

// Granlund and Montgomery, "Division by invariant integers using multiplication" (1994), for numbers below 2^31.
struct Divisor {
  uint32_t divisor = 1;
  uint32_t factor = 1;
  uint32_t shift = 0;

  Divisor() = default;
  // d in 1 .. 2^31 - 1.
  explicit Divisor(int64_t d) : divisor(static_cast<uint32_t>(d)) {
    while (uint64_t{1} << shift < divisor) shift++;
    factor = static_cast<uint32_t>((uint64_t{1} << 32) * ((uint64_t{1} << shift) - divisor) / divisor + 1);
  }

  __host__ __device__ __forceinline__ uint32_t quotient(uint32_t n) const {
    return (static_cast<uint32_t>(uint64_t{n} * factor >> 32) + n) >> shift;
  }
  // n becomes the quotient; returns the remainder.
  __host__ __device__ __forceinline__ uint32_t split(uint32_t& n) const {
    const uint32_t whole = quotient(n);
    const uint32_t rest = n - whole * divisor;
    n = whole;
    return rest;
  }
};

}  // namespace ab::cuda
