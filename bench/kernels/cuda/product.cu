// What ships (native/cuda/product.cuh), in its largest tile: the warp's tile with two slices of twice the depth in turn. The next one is on its way from memory
// while this one is multiplied, and a barrier for each slice is enough, a quarter as many.
#include "cuda/matrix.cuh"
#include "cuda/product.cuh"
#include "rung.h"

namespace ab::lab::device {
namespace {

void launch(cudaStream_t stream, const Gemm& g, const Operands& on) {
  using Tile = cuda::LargeTile;
  using A = cuda::MatrixReader<float, true>;
  using B = cuda::MatrixReader<float, false>;
  A a;
  a.buffer = 0;
  a.lines = g.m;
  a.depth = g.k;
  a.stride = g.k;
  a.aligned = g.k % 4 == 0;
  B b;
  b.buffer = 1;
  b.lines = g.n;
  b.depth = g.k;
  b.stride = g.n;
  b.aligned = g.n % 4 == 0;
  cuda::ProductOutput out;
  out.buffer = 2;
  out.rowStride = g.n;
  out.aligned = g.n % 4 == 0;
  cuda::ProductShape shape;
  shape.rows = g.m;
  shape.columns = g.n;
  shape.depth = g.k;
  shape.partDepth = static_cast<int>(cuda::upTo(g.k, cuda::kDepth) * cuda::kDepth);
  const int tiles = blocksFor(g.m, Tile::kRows) * blocksFor(g.n, Tile::kColumns);
  launchOn(stream, tiles, 1, Tile::kThreads, cuda::productOfTiles<Tile, A, B>, shape, a, b, out, on.table);
}

}  // namespace

const Rung product{"product", "what ships: two slices in turn", launch};

}  // namespace ab::lab::device
