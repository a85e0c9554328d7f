// Compiles one kernel source for every instruction set:
//
//   #include <…>                                  // every standard header the kernels need: before, never inside, a region
//   #define AB_KERNELS "../gemm_kernels.inc"      // relative to this directory
//   #include "simd/foreach_isa.h"
//
// The source is included once per set, inside a region for it, with AB_ISA naming the namespace to write into: it opens
// `namespace ab::AB_ISA {` and finds Simd<T> there. It may be used once per translation unit for each AB_KERNELS.
#include "avx2.h"
#include "avx512.h"
#include "generic.h"
#include "neon.h"
#include "simd128.h"

// What every machine of the kind has: a module of WebAssembly either runs with its vectors or does not load.
#if AB_WASM
#define AB_ISA simd128
#else
#define AB_ISA generic
#endif
#include AB_KERNELS
#undef AB_ISA

#if AB_X86
AB_REGION_BEGIN(AB_TARGET_AVX2)
#define AB_ISA avx2
#include AB_KERNELS
#undef AB_ISA
AB_REGION_END

AB_REGION_BEGIN(AB_TARGET_AVX512)
#define AB_ISA avx512
#include AB_KERNELS
#undef AB_ISA
AB_REGION_END
#endif

// Part of every 64-bit ARM: nothing to open.
#if AB_NEON
#define AB_ISA neon
#include AB_KERNELS
#undef AB_ISA
#endif

#undef AB_KERNELS
