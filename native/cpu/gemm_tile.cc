#include "gemm_tile.h"

#include <cstdint>
#include <utility>

#define AB_KERNELS "../gemm_tile.inc"
#include "simd/foreach_isa.h"
