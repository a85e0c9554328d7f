// k in blocks of 512. Every block but the first reads C and writes it again, and at 1024 C comes from the third-level cache, when the
// tile has nothing else to do. A tile of 14 rows takes but 5 bytes of B a cycle, and the second level gives 31: B need not
// stay in the first, as it had to when a tile had four rows and took 16.
#include "even.h"

namespace ab::lab::gemm {
namespace {

void run(const Gemm& g, const float* a, const float* b, float* c) { multiplyEvenly<false>(g, kDeep, a, b, c); }
void bound(const Gemm& g, Napkin& napkin) { evenBound(g, napkin, kDeep); }

}  // namespace

const Rung<Gemm> deep_blocks{"deep_blocks", "k in blocks of 512: C is read and written half as often", run, bound};

}  // namespace ab::lab::gemm
