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

}  // namespace ab::lab
