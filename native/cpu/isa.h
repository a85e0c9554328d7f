// Which instruction set the kernels run on: detected once, or forced by AUTOBALANCE_ISA=generic|avx2|avx512|neon|simd128.
#pragma once

#include "simd/region.h"

namespace ab {

enum class Isa { generic, avx2, avx512, neon, simd128 };

// Those this build has kernels for: first the one that every machine of the kind has, the best last.
#if AB_X86
inline constexpr Isa kIsas[] = {Isa::generic, Isa::avx2, Isa::avx512};
inline constexpr const char* kIsaNames = "generic, avx2 or avx512";
#elif AB_NEON
inline constexpr Isa kIsas[] = {Isa::generic, Isa::neon};
inline constexpr const char* kIsaNames = "generic or neon";
#elif AB_WASM
inline constexpr Isa kIsas[] = {Isa::simd128};
inline constexpr const char* kIsaNames = "simd128";
#else
inline constexpr Isa kIsas[] = {Isa::generic};
inline constexpr const char* kIsaNames = "generic";
#endif

// Throws std::runtime_error when the environment names an unknown set, or one that this processor lacks.
Isa isa();
const char* isaName();
const char* isaName(Isa which);
bool isaSupported(Isa which);
// For tests. Throws like isa().
void setIsa(Isa which);

// One function of each namespace, chosen by isa().
template <class F>
struct PerIsa {
  F first;
#if AB_X86
  F avx2;
  F avx512;
#endif
#if AB_NEON
  F neon;
#endif
  F chosen() const {
#if AB_X86
    const Isa which = isa();
    if (which == Isa::avx512) return avx512;
    if (which == Isa::avx2) return avx2;
#endif
#if AB_NEON
    if (isa() == Isa::neon) return neon;
#endif
    return first;
  }
};

#if AB_X86
#define AB_PER_ISA(function) {::ab::generic::function, ::ab::avx2::function, ::ab::avx512::function}
#elif AB_NEON
#define AB_PER_ISA(function) {::ab::generic::function, ::ab::neon::function}
#elif AB_WASM
#define AB_PER_ISA(function) {::ab::simd128::function}
#else
#define AB_PER_ISA(function) {::ab::generic::function}
#endif

}  // namespace ab
