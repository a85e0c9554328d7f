// Here threads do meet: every image adds to every weight. So the images are cut into at most 16 groups, by the shape alone; each group sums
// into an array of its own; and the arrays are added pairwise, in a tree of fixed shape. However many threads there are, and whoever is
// first, the same numbers are added in the same order.
#include "image.h"

namespace ab::lab::filter_grad {
namespace {

constexpr int64_t kGroups = 16;

// Adds `count` arrays, each `size` long, into the first.
void addTree(float* sums, int64_t count, int64_t size) {
  for (int64_t gap = 1; gap < count; gap *= 2)
    for (int64_t i = 0; i + gap < count; i += 2 * gap) {
      float* __restrict into = sums + i * size;
      const float* __restrict from = sums + (i + gap) * size;
      for (int64_t e = 0; e < size; e++) into[e] += from[e];
    }
}

void run(const ConvShape& s, const float* x, const float* dy, float* df) {
  const Cut groups = cutInto(s.n, std::min(s.n, kGroups));
  const int64_t size = s.kh * s.kw * s.c * s.o;
  float* sums = scratchFloats(ScratchSlot::convPartial, groups.count * size);
  ThreadPool::instance().parallelFor(groups.count, [&](int64_t group, int) {
    for (int64_t i = 0; i < groups.length(group); i++)
      addImage(s, x, dy, sums + group * size, groups.begin(group) + i, i == 0, bandRows(s), true);
  });
  addTree(sums, groups.count, size);
  std::copy_n(sums, size, df);
}

void bound(const ConvShape& s, Napkin& napkin) {
  imagesBound(s, napkin, bandRows(s), true);
  napkin.then();
  napkin.stores(double(std::min(s.n, kGroups)) * filterSize(s) / W);
}

}  // namespace

const Rung<ConvShape> private_sums{"private_sums", "groups of images sum apart, then a fixed tree", run, bound, true};

}  // namespace ab::lab::filter_grad
