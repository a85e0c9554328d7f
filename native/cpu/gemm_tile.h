// The register tile: the one inner loop under every matrix product and every convolution.
//
// It keeps R * P rows of V vectors of C in registers and adds, for each k, one broadcast value of A per row times V vectors of B:
//
//   C[r][p][:] (+)= sum over segments s, over k < length:  A(s, r, p, k) * B[s * segmentB + k * stepB + :]
//
// Two ways to walk A cover all uses:
//   kAlong   A(s,r,p,k) = a[segmentA[s] + r*rowStep + p*pixelStep + k]   a plain matrix; the pixels of an image under a filter row
//   kAcross  A(s,r,p,k) = a[segmentA[s] + r*rowStep + p + k*kStep]       a transposed or packed matrix; the taps of a filter gradient
// Every element of C sums in the order of (s, k), whatever tile it falls into: tilings never change results.
#pragma once

#include <cstdint>

#include "isa.h"

namespace ab {

enum class Walk { kAlong, kAcross };

template <class T>
struct Tile {
  const T* a = nullptr;
  int64_t rowStep = 0;
  int64_t pixelStep = 0;
  int64_t kStep = 0;
  const int64_t* segmentA = nullptr;
  int64_t segments = 0;
  int64_t length = 0;
  const T* b = nullptr;  // whole vectors are read: a B whose rows end inside a vector must be padded
  int64_t segmentB = 0;
  int64_t stepB = 0;
  T* c = nullptr;
  int64_t rowStepC = 0;
  int64_t pixelStepC = 0;
  int64_t lanes = 0;  // columns of C to write, in ((V - 1) * width, V * width]
  bool accumulate = false;
  bool prefetch = false;  // C first: its lines are on their way while the sums are made
};

template <class T>
using TileKernel = void (*)(const Tile<T>&);

// What a set can hold: `accumulators` registers for C, at most `pixels` per row, vectors of `width` elements.
struct TileLimits {
  int width;
  int pixels;
  int accumulators;
  static constexpr int vectors = 2;
  static constexpr int rows = 3;
  constexpr int64_t mostPixels(int64_t v) const { return v * pixels <= accumulators ? pixels : accumulators / v; }
  constexpr bool holds(Walk walk, int64_t r, int64_t p, int64_t v) const {
    const bool fits = r >= 1 && r <= rows && p >= 1 && p <= pixels && v >= 1 && v <= vectors && r * p * v <= accumulators;
    // Walking along needs a pointer for every four pixels of every row; more than four of them leave the integer registers.
    return fits && (walk == Walk::kAcross || r == 1 || r * ((p + 3) / 4) <= 4);
  }
};

#define AB_DECLARE_TILES(isa)                                                \
  namespace isa {                                                            \
  template <class T>                                                         \
  TileLimits tileLimits();                                                   \
  template <class T>                                                         \
  TileKernel<T> tileKernel(Walk walk, int64_t rows, int64_t pixels, int64_t vectors); \
  }
#if AB_WASM
AB_DECLARE_TILES(simd128)
#else
AB_DECLARE_TILES(generic)
#endif
#if AB_X86
AB_DECLARE_TILES(avx2)
AB_DECLARE_TILES(avx512)
#endif
#if AB_NEON
AB_DECLARE_TILES(neon)
#endif
#undef AB_DECLARE_TILES

}  // namespace ab
