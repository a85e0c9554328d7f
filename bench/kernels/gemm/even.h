// Rows cut evenly into tiles of at most kRows, with a micro-kernel for each height; what the last rungs share.
#pragma once

#include <array>
#include <utility>

#include "cpu/gemm_cut.h"
#include "packed.h"

namespace ab::lab::gemm {

constexpr int kRows = kSums / 2;

using PackedTile = void (*)(int64_t depth, const float* a, const float* b, float* c, int64_t ldc, int64_t lanes, bool start);

template <int R, bool ahead>
void packedTile(int64_t depth, const float* a, const float* b, float* c, int64_t ldc, int64_t lanes, bool start) {
  tile<R, ahead>(depth, a, 1, R, b, kPanel, c, ldc, R, lanes, start);
}

template <bool ahead, int... R>
constexpr std::array<PackedTile, sizeof...(R)> tilesUpTo(std::integer_sequence<int, R...>) {
  return {&packedTile<R + 1, ahead>...};
}
template <bool ahead>
inline constexpr auto kTiles = tilesUpTo<ahead>(std::make_integer_sequence<int, kRows>{});

// Packs tiles [first, end) of one block of k and multiplies them by all panels of B.
template <bool ahead>
void multiplyTiles(const Gemm& g, const Cut& tiles, int64_t first, int64_t end, int64_t p, int64_t depth, const float* a,
                   const float* packedB, float* c) {
  float* packedA = scratchFloats(ScratchSlot::gemmA, (tiles.begin(end) - tiles.begin(first)) * depth);
  float* to = packedA;
  for (int64_t i = first; i < end; to += tiles.length(i) * depth, i++)
    packA(g, a + tiles.begin(i) * g.k + p, depth, tiles.length(i), tiles.length(i), to);
  for (int64_t j = 0; j < g.n; j += kPanel, packedB += kPanel * depth) {
    const float* from = packedA;
    for (int64_t i = first; i < end; from += tiles.length(i) * depth, i++)
      kTiles<ahead>[static_cast<size_t>(tiles.length(i) - 1)](depth, from, packedB, c + tiles.begin(i) * g.n + j, g.n,
                                                              std::min(kPanel, g.n - j), p == 0);
  }
}

// The whole product on one thread, k in blocks of `most`.
template <bool ahead>
void multiplyEvenly(const Gemm& g, int64_t most, const float* a, const float* b, float* c) {
  const Cut tiles = cutEvenly(g.m, kRows);
  float* packedB = scratchFloats(ScratchSlot::gemmB, (g.n + kPanel - 1) / kPanel * kPanel * most);
  for (int64_t p = 0; p < g.k; p += most) {
    const int64_t depth = std::min(most, g.k - p);
    for (int64_t j = 0; j < g.n; j += kPanel) packB(g, b + p * g.n, depth, j, packedB + j * depth);
    multiplyTiles<ahead>(g, tiles, 0, tiles.count, p, depth, a, packedB, c);
  }
}

inline void evenBound(const Gemm& g, Napkin& napkin, int64_t most) {
  packedBound(g, napkin, cutEvenly(g.m, kRows).size, g.m, most);
}

}  // namespace ab::lab::gemm
