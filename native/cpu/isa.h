// Which instruction set the kernels run on: detected once, or forced by AUTOBALANCE_ISA=generic|avx2|avx512.
#pragma once

#include "simd/region.h"

namespace ab {

enum class Isa { generic, avx2, avx512 };

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
  F generic;
#if AB_X86
  F avx2;
  F avx512;
#endif
  F chosen() const {
#if AB_X86
    const Isa which = isa();
    if (which == Isa::avx512) return avx512;
    if (which == Isa::avx2) return avx2;
#endif
    return generic;
  }
};

#if AB_X86
#define AB_PER_ISA(function) {::ab::generic::function, ::ab::avx2::function, ::ab::avx512::function}
#else
#define AB_PER_ISA(function) {::ab::generic::function}
#endif

}  // namespace ab
