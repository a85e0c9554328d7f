// Where code for one instruction set begins and ends.
//
// A region is opened only after every standard header has been read. With per-file -m flags, an inline function of the
// standard library that two objects share may be kept in its AVX-512 form and then crash a machine without it; inside a region only
// what we write is compiled for the wider set.
#pragma once

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define AB_X86 1
#include <immintrin.h>
#else
#define AB_X86 0
#endif

#if defined(__aarch64__) && (defined(__GNUC__) || defined(__clang__))
#define AB_NEON 1
#include <arm_neon.h>
#else
#define AB_NEON 0
#endif

#if defined(__wasm_simd128__)
#define AB_WASM 1
#include <wasm_simd128.h>
#else
#define AB_WASM 0
#endif

#define AB_INLINE inline __attribute__((always_inline))

#if AB_X86
#define AB_TARGET_AVX2 "avx2,fma"
#define AB_TARGET_AVX512 "avx512f,avx512dq,avx512bw,avx512vl,fma,avx2"
#define AB_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define AB_REGION_BEGIN(set) AB_PRAGMA(clang attribute push(__attribute__((target(set))), apply_to = function))
#define AB_REGION_END AB_PRAGMA(clang attribute pop)
#else
#define AB_REGION_BEGIN(set) AB_PRAGMA(GCC push_options) AB_PRAGMA(GCC target set)
#define AB_REGION_END AB_PRAGMA(GCC pop_options)
#endif
#endif
