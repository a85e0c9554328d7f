// Which tile computes a product, and into how many parts its depth is split. Both depend on its sizes alone, so that a program's sums are added in
// one order on every device.
#pragma once

#include "plan.h"
#include "product.cuh"

namespace ab::cuda {

// Blocks that keep a large device busy; the parts that a product with fewer tiles is split into, and the least depth of a part.
constexpr int64_t kBlocksWanted = 256;
constexpr int64_t kMostSplits = 64;
constexpr int64_t kLeastPart = 256;
constexpr int64_t kMostBatch = 65535;

template <class Tile, class A, class B>
void planTiles(Plan& plan, ProductShape shape, int64_t batch, const A& a, const B& b, ProductOutput out) {
  using T = typename A::T;
  const int64_t tiles = upTo(shape.rows, Tile::kRows) * upTo(shape.columns, Tile::kColumns);
  const int64_t wanted = std::min(kMostSplits, upTo(kBlocksWanted, tiles * batch));
  const int64_t splits = std::max<int64_t>(1, std::min(wanted, shape.depth / kLeastPart));
  shape.partDepth = static_cast<int>(upTo(upTo(shape.depth, splits), kDepth) * kDepth);
  // Parts are rounded up, so the last ones may have nothing left.
  shape.splits = shape.depth == 0 ? 1 : static_cast<int>(upTo(shape.depth, shape.partDepth));
  const int64_t size = int64_t{shape.rows} * shape.columns;
  ProductOutput to = out;
  if (shape.splits > 1) {
    to.buffer = plan.workspace(batch * shape.splits * size * static_cast<int64_t>(sizeof(T)));
    to.rowStride = shape.columns;
    to.splitStride = size;
    to.batchStride = shape.splits * size;
    to.aligned = shape.columns % 4 == 0;
  }
  const int64_t most = kMostBatch / shape.splits;
  for (int64_t first = 0; first < batch; first += most) {
    shape.first = static_cast<int>(first);
    plan.launch(tiles, std::min(most, batch - first) * shape.splits, Tile::kThreads, productOfTiles<Tile, A, B>, shape, a, b, to);
  }
  if (shape.splits > 1) plan.launch(upTo(batch * size, 256), 1, 256, sumOfParts<T>, to.buffer, shape, batch * size, out);
}

template <class A, class B>
void planProduct(Plan& plan, const ProductShape& shape, int64_t batch, const A& a, const B& b, const ProductOutput& out) {
  using T = typename A::T;
  if (shape.rows == 0 || shape.columns == 0) return;
  const auto tiles = [&](int64_t rows, int64_t columns) { return upTo(shape.rows, rows) * upTo(shape.columns, columns) * batch; };
  if constexpr (std::is_same_v<T, float>) {
    // A larger tile reads less for each multiplication, as long as there are enough of them.
    if (shape.columns > 64 && tiles(128, 128) >= kBlocksWanted / 2) return planTiles<LargeTile>(plan, shape, batch, a, b, out);
    if (shape.columns <= 32 && tiles(128, 32) >= kBlocksWanted / 2) return planTiles<TallTile>(plan, shape, batch, a, b, out);
  }
  if constexpr (std::is_floating_point_v<T>) {
    if (shape.rows > 32 && shape.columns > 32) return planTiles<MiddleTile>(plan, shape, batch, a, b, out);
    return planTiles<SmallTile>(plan, shape, batch, a, b, out);
  } else {
    ProductShape each = shape;
    for (int64_t first = 0; first < batch; first += kMostBatch) {
      each.first = static_cast<int>(first);
      plan.launch(upTo(int64_t{shape.rows} * shape.columns, 256), std::min(kMostBatch, batch - first), 256, productOfEach<A, B>, each, a, b, out);
    }
  }
}

}  // namespace ab::cuda
