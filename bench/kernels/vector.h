// The widest vectors this build may use. The laboratory is compiled for the machine it runs on (-march=native), so it needs no
// dispatch; the wrappers are those of the product's kernels (native/cpu/simd).
#pragma once

#include <cstdint>

#include "cpu/simd/avx2.h"
#include "cpu/simd/avx512.h"
#include "cpu/simd/generic.h"
#include "cpu/simd/neon.h"

namespace ab::lab {

#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512BW__) && defined(__AVX512VL__)
using V = avx512::Simd<float>;
inline constexpr const char* kVectors = "avx512";
#elif defined(__AVX2__) && defined(__FMA__)
using V = avx2::Simd<float>;
inline constexpr const char* kVectors = "avx2";
#elif AB_NEON
using V = neon::Simd<float>;
inline constexpr const char* kVectors = "neon";
#else
using V = generic::Simd<float>;
inline constexpr const char* kVectors = "generic";
#endif

inline constexpr int W = V::width;
// Sums a register tile may keep: beside them it needs two or three vectors of the other operand and a broadcast.
inline constexpr int kSums = V::registers >= 32 ? 28 : 12;

// Makes the compiler believe that v is used, without an instruction.
AB_INLINE void keep(const V::Reg& v) {
#if AB_X86
  asm volatile("" : : "v"(v));
#elif AB_NEON
  asm volatile("" : : "w"(v));
#else
  asm volatile("" : : "m"(v));
#endif
}

// Keeps v in a register from here on. GCC would rather load an operand again for each multiply-add that fits one, as with 4 x 2 sums,
// where 12 loads then served 8 multiply-adds and the tile ran at 0.73 of the peak.
AB_INLINE void pin(V::Reg& v) {
#if AB_X86
  asm("" : "+v"(v));
#elif AB_NEON
  asm("" : "+w"(v));
#else
  static_cast<void>(v);
#endif
}

// Writes the sums of a tile, R rows of B vectors, of which `rows` rows and `lanes` numbers exist, rows `step` apart; or adds them to what
// is there. Whole vectors without a mask.
template <int R, int B>
AB_INLINE void writeTile(const V::Reg (&sums)[R][B], float* to, int64_t step, int64_t rows, int64_t lanes, bool start) {
  if (rows == R && lanes == B * W) {
#pragma GCC unroll 16
    for (int r = 0; r < R; r++, to += step)
#pragma GCC unroll 4
      for (int v = 0; v < B; v++) V::store(to + v * W, start ? sums[r][v] : V::add(V::load(to + v * W), sums[r][v]));
    return;
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; r++, to += step)
#pragma GCC unroll 4
    for (int v = 0; v < B; v++) {
      const int64_t count = r >= rows || lanes < v * W ? 0 : lanes - v * W < W ? lanes - v * W : W;
      V::storePartial(to + v * W, start ? sums[r][v] : V::add(V::loadPartial(to + v * W, count), sums[r][v]), count);
    }
}

}  // namespace ab::lab
