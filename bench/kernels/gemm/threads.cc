// Threads share the packed block of B and take groups of tiles. The cut depends on the shape alone: more groups than threads, so that a
// thread that is held up gives its share away, and the same sums in the same order whoever computes them.
#include "even.h"

namespace ab::lab::gemm {
namespace {

constexpr int64_t kGroups = 16;
constexpr double kTask = 1 << 19;  // multiply-adds: ~8 us, where waking a thread takes 5

void run(const Gemm& g, const float* a, const float* b, float* c) {
  ThreadPool& pool = ThreadPool::instance();
  const Cut tiles = cutEvenly(g.m, kRows);
  const int64_t panels = (g.n + kPanel - 1) / kPanel;
  const double work = double(g.m) * double(g.n) * double(std::min(kDeep, g.k));
  const Cut groups = cutInto(tiles.count, std::clamp<int64_t>(static_cast<int64_t>(work / kTask), 1, std::min(kGroups, tiles.count)));
  const Cut copies = cutInto(panels, std::min(panels, groups.count));
  float* packedB = scratchFloats(ScratchSlot::gemmB, panels * kPanel * kDeep);
  for (int64_t p = 0; p < g.k; p += kDeep) {
    const int64_t depth = std::min(kDeep, g.k - p);
    pool.parallelFor(copies.count, [&](int64_t task, int) {
      for (int64_t i = copies.begin(task); i < copies.begin(task) + copies.length(task); i++)
        packB(g, b + p * g.n, depth, i * kPanel, packedB + i * kPanel * depth);
    });
    pool.parallelFor(groups.count, [&](int64_t task, int) {
      multiplyTiles<true>(g, tiles, groups.begin(task), groups.begin(task) + groups.length(task), p, depth, a, packedB, c);
    });
  }
}

void bound(const Gemm& g, Napkin& napkin) { evenBound(g, napkin, kDeep); }

}  // namespace

const Rung<Gemm> threads{"threads", "groups of tiles are tasks", run, bound, true};

}  // namespace ab::lab::gemm
