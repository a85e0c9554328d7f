// Matrix products against naive loops. Sizes run over those of every kernel and one less, one more than each tile of the set in use.
#include "cpu/gemm.h"

#include <cstdio>

#include "check.h"
#include "cpu/gemm_grid.h"
#include "cpu/gemm_tile.h"

namespace {

using namespace ab;
using namespace ab::test;

struct Product {
  int64_t m, n, k;
  bool transA = false, transB = false, accumulate = false;
  int64_t extra = 0;  // of each leading dimension beyond the row
  int64_t batch = 1;
  bool sharedB = false;
  int64_t apart = 0;  // elements between matrices of a batch
};

std::string describe(const Product& p, const char* type) {
  char text[200];
  std::snprintf(text, sizeof text, "gemm %s m=%ld n=%ld k=%ld tA=%d tB=%d acc=%d extra=%ld batch=%ld shared=%d apart=%ld", type, long(p.m),
                long(p.n), long(p.k), p.transA, p.transB, p.accumulate, long(p.extra), long(p.batch), p.sharedB, long(p.apart));
  return text;
}

// Elements from the first to the last of `rows` rows: nothing may be read beyond, though the last row has room to the next.
int64_t span(int64_t rows, int64_t columns, int64_t step) { return rows == 0 || columns == 0 ? 0 : (rows - 1) * step + columns; }

template <class T>
void multiply(const GemmArgs<T>& g, const T* a, const T* b, T* c) {
  for (int64_t i = 0; i < g.batch; i++, a += g.strideA, b += g.strideB, c += g.strideC)
    for (int64_t r = 0; r < g.m; r++)
      for (int64_t q = 0; q < g.n; q++) {
        T sum = g.accumulate ? c[r * g.ldc + q] : T(0);
        for (int64_t k = 0; k < g.k; k++) sum += a[g.transA ? k * g.lda + r : r * g.lda + k] * b[g.transB ? q * g.ldb + k : k * g.ldb + q];
        c[r * g.ldc + q] = sum;
      }
}

template <class T>
void check(const Product& p) {
  GemmArgs<T> g;
  g.m = p.m, g.n = p.n, g.k = p.k, g.batch = p.batch;
  g.transA = p.transA, g.transB = p.transB, g.accumulate = p.accumulate;
  const int64_t rowsA = p.transA ? p.k : p.m, columnsA = p.transA ? p.m : p.k;
  const int64_t rowsB = p.transB ? p.n : p.k, columnsB = p.transB ? p.k : p.n;
  g.lda = columnsA + p.extra, g.ldb = columnsB + p.extra, g.ldc = p.n + p.extra;
  const int64_t sizeA = span(rowsA, columnsA, g.lda), sizeB = span(rowsB, columnsB, g.ldb), sizeC = span(p.m, p.n, g.ldc);
  // Rows of the next matrix begin where those of this one end.
  g.strideA = p.batch > 1 ? rowsA * g.lda + p.apart : 0;
  g.strideB = p.batch > 1 && !p.sharedB ? rowsB * g.ldb + p.apart : 0;
  g.strideC = p.batch > 1 ? p.m * g.ldc + p.apart : 0;
  const int64_t steps = p.batch - 1;
  const auto elements = [&](int64_t stride, int64_t size) { return p.batch == 0 ? 0 : steps * stride + size; };
  const std::vector<T> a = smallIntegers<T>(elements(g.strideA, sizeA));
  const std::vector<T> b = smallIntegers<T>(elements(g.strideB, sizeB));
  const std::vector<T> c = smallIntegers<T>(elements(g.strideC, sizeC));
  std::vector<T> want = c;
  multiply(g, a.data(), b.data(), want.data());
  for (const Edge edge : kEdges) {
    const Guarded<T> ga(a, edge), gb(b, edge), gc(c, edge);
    g.a = ga.get(), g.b = gb.get(), g.c = gc.get();
    gemm(g);
    expect(gc == want, [&] { return describe(p, typeName<T>()); });
  }
}

template <class T>
void checkSizes() {
  static constexpr PerIsa<TileLimits (*)()> limitsOf = AB_PER_ISA(tileLimits<T>);
  const TileLimits limits = limitsOf.chosen()();
  const int64_t width = limits.width;
  const std::vector<int64_t> ms = sizesAround({limits.mostPixels(1), limits.mostPixels(2)});
  const std::vector<int64_t> ns = sizesAround({width, 2 * width});
  const std::vector<int64_t> ks = sizesAround({width, 4 * width});
  for (const int64_t m : ms)
    for (const int64_t n : ns)
      for (const int64_t k : ks)
        for (int form = 0; form < 8; form++) {
          if (skipped()) continue;
          check<T>({.m = m, .n = n, .k = k, .transA = (form & 1) != 0, .transB = (form & 2) != 0, .accumulate = (form & 4) != 0,
                    .extra = (m + n + k + form) % 3 == 0 ? 5 : 0});
        }
  // Around the blocks of k, in every form.
  const int64_t depth = 768;
  const int64_t slices = 4096 / static_cast<int64_t>(sizeof(T));
  for (const int64_t k : {depth - 1, depth, depth + 1, 2 * depth + 1, slices - 1, slices})
    for (const int64_t m : {int64_t{1}, limits.mostPixels(2) + 1})
      for (const int64_t n : {int64_t{1}, width - 1, 2 * width + 1})
        for (int form = 0; form < 8; form++)
          if (!skipped()) check<T>({.m = m, .n = n, .k = k, .transA = (form & 1) != 0, .transB = (form & 2) != 0, .accumulate = (form & 4) != 0});
}

template <class T>
void checkPaths() {
  const auto forms = [](Product p) {
    for (int form = 0; form < 8; form++) {
      if (skipped()) continue;
      p.transA = (form & 1) != 0, p.transB = (form & 2) != 0, p.accumulate = (form & 4) != 0;
      check<T>(p);
    }
  };
  forms({.m = 197, .n = 130, .k = 300});                                    // several blocks of k, packed B
  forms({.m = 100, .n = 256, .k = 256});                                    // rows 1 KB apart
  forms({.m = 70, .n = 2100, .k = 40, .extra = 3});                         // two blocks of columns
  forms({.m = 9, .n = 11, .k = 30000});                                     // slices of k
  forms({.m = 1, .n = 300, .k = 700, .extra = 1});                          // vectors
  forms({.m = 300, .n = 1, .k = 700});
  forms({.m = 12, .n = 20, .k = 9, .extra = 2, .batch = 7, .apart = 11});   // batches
  forms({.m = 12, .n = 20, .k = 9, .batch = 7, .sharedB = true});
  forms({.m = 12, .n = 20, .k = 9, .batch = 7, .sharedB = true, .apart = 3});
  forms({.m = 64, .n = 64, .k = 64, .batch = 40});
  forms({.m = 5, .n = 6, .k = 0, .batch = 3});
  forms({.m = 5, .n = 6, .k = 4, .batch = 0});
}

// Every tile and panel in exactly one task, and no thread with more than it must have.
void checkGrids() {
  for (const int64_t threads : {1, 2, 3, 8}) {
    ThreadPool::instance().setThreads(static_cast<int>(threads));
    for (const int64_t tiles : {1, 2, 3, 5, 7, 16, 37, 200})
      for (const int64_t panels : {1, 2, 3, 10, 64})
        for (const int64_t most : {1, 2, 3, 7, 16, 512})
          for (const bool packs : {false, true}) {
            const Grid grid = divide(tiles, panels, most, packs);
            const auto what = [&] {
              return "grid of " + std::to_string(tiles) + " x " + std::to_string(panels) + " for " + std::to_string(threads) +
                     " threads, at most " + std::to_string(most);
            };
            expect(grid.down.begin(grid.down.count) == tiles && grid.across.begin(grid.across.count) == panels, what);
            expect(grid.down.count * grid.across.count <= most, what);
            const int64_t tasks = grid.down.count * grid.across.count;
            const int64_t span = (tasks + threads - 1) / threads * grid.down.size * grid.across.size;
            const int64_t even = (tiles * panels + std::min(threads, most) - 1) / std::min(threads, most);
            // No worse than cutting one way alone, and within twice of even shares where there are enough tasks.
            if (most >= 4 * threads && tiles * panels >= 4 * threads) expect(span <= 2 * even, what);
          }
  }
}

}  // namespace

int main() {
  checkGrids();
  ThreadPool::instance().setThreads(1);
  forEachIsa([] {
    checkSizes<float>();
    checkSizes<double>();
    withThreads({1, 2, 8}, [] {
      checkPaths<float>();
      checkPaths<double>();
    });
  });
  return finish();
}
