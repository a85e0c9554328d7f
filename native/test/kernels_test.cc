// Every kernel against naive loops, on every instruction set this processor has. Inputs are small integers, so all sums are exact and
// results are compared with ==. Exits non-zero when anything differs.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "cpu/conv.h"
#include "cpu/gemm.h"
#include "cpu/isa.h"
#include "cpu/thread_pool.h"

#define AB_KERNELS "../../test/simd_checks.inc"
#include "cpu/simd/foreach_isa.h"

namespace {

using namespace ab;

int failures = 0;
int64_t checks = 0;

void expect(bool ok, const std::string& what) {
  checks++;
  if (ok) return;
  if (++failures <= 20) std::printf("FAILED [%s] %s\n", isaName(), what.c_str());
}

uint64_t state = 88172645463325252ull;
int64_t randomBelow(int64_t n) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return static_cast<int64_t>(state % static_cast<uint64_t>(n));
}

template <class T>
std::vector<T> smallIntegers(int64_t size) {
  std::vector<T> v(static_cast<size_t>(size));
  for (T& x : v) x = static_cast<T>(randomBelow(7) - 3);
  return v;
}

template <class T>
std::vector<T> fractions(int64_t size) {
  std::vector<T> v(static_cast<size_t>(size));
  for (T& x : v) x = static_cast<T>(randomBelow(2000001) - 1000000) / static_cast<T>(1000003);
  return v;
}

template <class T>
const char* typeName() {
  return sizeof(T) == 4 ? "f32" : "f64";
}

struct Product {
  int64_t m, n, k;
  bool transA, transB, accumulate;
  int64_t extra;  // of each leading dimension beyond the row
  int64_t batch;
  bool sharedB;
};

std::string describe(const Product& p) {
  char text[160];
  std::snprintf(text, sizeof text, "gemm m=%ld n=%ld k=%ld tA=%d tB=%d acc=%d extra=%ld batch=%ld shared=%d", long(p.m), long(p.n),
                long(p.k), p.transA, p.transB, p.accumulate, long(p.extra), long(p.batch), p.sharedB);
  return text;
}

// The guard rows between matrices and past row ends must come back untouched.
template <class T>
void checkGemm(const Product& p) {
  GemmArgs<T> g;
  g.m = p.m, g.n = p.n, g.k = p.k;
  g.transA = p.transA, g.transB = p.transB, g.accumulate = p.accumulate;
  g.lda = (p.transA ? p.m : p.k) + p.extra;
  g.ldb = (p.transB ? p.k : p.n) + p.extra;
  g.ldc = p.n + p.extra;
  g.batch = p.batch;
  const int64_t sizeA = (p.transA ? p.k : p.m) * g.lda, sizeB = (p.transB ? p.n : p.k) * g.ldb, sizeC = p.m * g.ldc;
  g.strideA = sizeA, g.strideC = sizeC, g.strideB = p.sharedB ? 0 : sizeB;
  const std::vector<T> a = smallIntegers<T>(sizeA * p.batch);
  const std::vector<T> b = smallIntegers<T>(p.sharedB ? sizeB : sizeB * p.batch);
  std::vector<T> c = smallIntegers<T>(sizeC * p.batch);
  std::vector<T> want = c;
  for (int64_t i = 0; i < p.batch; i++)
    for (int64_t r = 0; r < p.m; r++)
      for (int64_t q = 0; q < p.n; q++) {
        T& out = want[size_t(i * sizeC + r * g.ldc + q)];
        double sum = p.accumulate ? double(out) : 0.0;
        for (int64_t k = 0; k < p.k; k++)
          sum += double(a[size_t(i * g.strideA + (p.transA ? k * g.lda + r : r * g.lda + k))]) *
                 double(b[size_t(i * g.strideB + (p.transB ? q * g.ldb + k : k * g.ldb + q))]);
        out = T(sum);
      }
  g.a = a.data(), g.b = b.data(), g.c = c.data();
  gemm(g);
  expect(c == want, describe(p) + " " + typeName<T>());
}

template <class T>
void checkGemms() {
  const int64_t sizes[] = {0, 1, 2, 3, 7, 13, 14, 15, 31, 33, 63};
  for (int64_t m : sizes)
    for (int64_t n : sizes)
      for (int64_t k : {int64_t{0}, int64_t{1}, int64_t{2}, int64_t{5}, int64_t{17}, int64_t{64}})
        for (int form = 0; form < 8; form++)
          checkGemm<T>({m, n, k, (form & 1) != 0, (form & 2) != 0, (form & 4) != 0, (m + n + k) % 3 == 0 ? 5 : 0, 1, false});
  for (int form = 0; form < 8; form++) {
    const bool tA = (form & 1) != 0, tB = (form & 2) != 0, acc = (form & 4) != 0;
    checkGemm<T>({197, 130, 300, tA, tB, acc, 0, 1, false});    // several blocks of k, packed B
    checkGemm<T>({100, 256, 256, tA, tB, acc, 0, 1, false});    // rows 1 KB apart
    checkGemm<T>({70, 2100, 40, tA, tB, acc, 3, 1, false});     // two blocks of columns
    checkGemm<T>({9, 11, 30000, tA, tB, acc, 0, 1, false});     // slices of k
    checkGemm<T>({1, 300, 700, tA, tB, acc, 1, 1, false});      // vectors
    checkGemm<T>({300, 1, 700, tA, tB, acc, 0, 1, false});
    checkGemm<T>({12, 20, 9, tA, tB, acc, 2, 7, false});        // batches
    checkGemm<T>({12, 20, 9, tA, tB, acc, 0, 7, true});
    checkGemm<T>({64, 64, 64, tA, tB, acc, 0, 40, false});
    checkGemm<T>({5, 6, 0, tA, tB, acc, 0, 3, false});
    checkGemm<T>({5, 6, 4, tA, tB, acc, 0, 0, false});
  }
}

std::string describe(const ConvShape& s) {
  char text[240];
  std::snprintf(text, sizeof text, "n=%ld %ldx%ldx%ld k=%ldx%ld o=%ld out=%ldx%ld stride=%ld,%ld pad=%ld,%ld dil=%ld,%ld groups=%ld",
                long(s.n), long(s.h), long(s.w), long(s.c), long(s.kh), long(s.kw), long(s.o), long(s.oh), long(s.ow),
                long(s.strideH), long(s.strideW), long(s.padTop), long(s.padLeft), long(s.dilH), long(s.dilW), long(s.groups));
  return text;
}

// Calls visit(x, filter, y) with the element of each that meets.
template <class F>
void forEachTerm(const ConvShape& s, F&& visit) {
  const int64_t cg = s.c / s.groups, og = s.o / s.groups;
  for (int64_t n = 0; n < s.n; n++)
    for (int64_t oy = 0; oy < s.oh; oy++)
      for (int64_t ox = 0; ox < s.ow; ox++)
        for (int64_t ky = 0; ky < s.kh; ky++)
          for (int64_t kx = 0; kx < s.kw; kx++) {
            const int64_t iy = oy * s.strideH + ky * s.dilH - s.padTop, ix = ox * s.strideW + kx * s.dilW - s.padLeft;
            if (iy < 0 || iy >= s.h || ix < 0 || ix >= s.w) continue;
            for (int64_t o = 0; o < s.o; o++)
              for (int64_t c = 0; c < cg; c++)
                visit(size_t(((n * s.h + iy) * s.w + ix) * s.c + o / og * cg + c), size_t(((ky * s.kw + kx) * cg + c) * s.o + o),
                      size_t(((n * s.oh + oy) * s.ow + ox) * s.o + o));
          }
}

template <class T>
void checkConv(const ConvShape& s) {
  const int64_t nx = s.n * s.h * s.w * s.c, nf = s.kh * s.kw * (s.c / s.groups) * s.o, ny = s.n * s.oh * s.ow * s.o;
  const std::vector<T> x = smallIntegers<T>(nx), f = smallIntegers<T>(nf), dy = smallIntegers<T>(ny);
  std::vector<T> y(size_t(ny), T(77)), dx(size_t(nx), T(77)), df(size_t(nf), T(77));
  std::vector<T> wantY(size_t(ny), T(0)), wantX(size_t(nx), T(0)), wantF(size_t(nf), T(0));
  forEachTerm(s, [&](size_t ix, size_t jf, size_t iy) {
    wantY[iy] += x[ix] * f[jf];
    wantX[ix] += dy[iy] * f[jf];
    wantF[jf] += x[ix] * dy[iy];
  });
  convForward<T>(s, x.data(), f.data(), y.data());
  expect(y == wantY, "convForward " + describe(s) + " " + typeName<T>());
  convInputGrad<T>(s, dy.data(), f.data(), dx.data());
  expect(dx == wantX, "convInputGrad " + describe(s) + " " + typeName<T>());
  convFilterGrad<T>(s, x.data(), dy.data(), df.data());
  expect(df == wantF, "convFilterGrad " + describe(s) + " " + typeName<T>());
}

// Output size for padding `low` before and `high` after.
int64_t outputSize(int64_t in, int64_t k, int64_t stride, int64_t dil, int64_t low, int64_t high) {
  const int64_t room = in + low + high - ((k - 1) * dil + 1);
  return room < 0 ? 0 : room / stride + 1;
}

ConvShape square(int64_t n, int64_t hw, int64_t c, int64_t k, int64_t o, int64_t stride, int64_t pad, int64_t dil = 1,
                 int64_t groups = 1) {
  const int64_t out = outputSize(hw, k, stride, dil, pad, pad);
  return {n, hw, hw, c, k, k, o, out, out, stride, stride, pad, pad, dil, dil, groups};
}

template <class T>
void checkConvs() {
  for (int64_t hw : {1, 2, 3, 7, 8, 14, 15, 16, 17, 28, 31})
    for (int64_t channels : {1, 3, 16})
      for (int64_t o : {1, 10, 16, 33}) checkConv<T>(square(2, hw, channels, 3, o, 1, 1));
  for (int64_t stride : {1, 2, 3})
    for (int64_t dil : {1, 2})
      for (int64_t pad : {0, 1, 2, 5, -1})
        for (int64_t k : {1, 2, 3, 5}) {
          checkConv<T>(square(2, 11, 4, k, 6, stride, pad, dil));
          checkConv<T>(square(1, 12, 6, k, 4, stride, pad, dil, 2));
        }
  checkConv<T>(square(2, 9, 8, 3, 8, 1, 1, 1, 8));    // depthwise
  checkConv<T>(square(2, 9, 4, 3, 12, 2, 1, 1, 4));   // depthwise with a multiplier
  checkConv<T>(square(3, 13, 40, 3, 70, 1, 1));       // several panels
  checkConv<T>(square(3, 14, 16, 3, 32, 2, 1));
  checkConv<T>(square(5, 10, 24, 1, 40, 1, 0));       // products
  checkConv<T>(square(5, 6, 8, 6, 20, 1, 0));
  checkConv<T>(square(3, 8, 8, 1, 8, 2, 0));
  checkConv<T>(square(0, 8, 8, 3, 8, 1, 1));          // empty in each way
  checkConv<T>(square(2, 8, 0, 3, 8, 1, 1));
  checkConv<T>(square(2, 8, 8, 3, 0, 1, 1));
  checkConv<T>(square(2, 2, 8, 3, 8, 1, 0));
  checkConv<T>(square(33, 28, 1, 3, 16, 1, 1));       // many chunks
  checkConv<T>(square(1, 64, 16, 3, 16, 1, 1));       // bands of one image
  for (int i = 0; i < 150; i++) {
    const int64_t groups = 1 + randomBelow(3);
    ConvShape s{1 + randomBelow(3), 1 + randomBelow(13), 1 + randomBelow(13), groups * (1 + randomBelow(5)), 1 + randomBelow(4),
                1 + randomBelow(4), groups * (1 + randomBelow(20)), 0, 0, 1 + randomBelow(3), 1 + randomBelow(3), randomBelow(4) - 1,
                randomBelow(4) - 1, 1 + randomBelow(2), 1 + randomBelow(2), groups};
    s.oh = outputSize(s.h, s.kh, s.strideH, s.dilH, s.padTop, randomBelow(4) - 1);
    s.ow = outputSize(s.w, s.kw, s.strideW, s.dilW, s.padLeft, randomBelow(4) - 1);
    checkConv<T>(s);
  }
}

// Runs `make` with 1, 2 and 8 threads; inputs are not exact in T, so any change of order shows.
template <class F>
void checkSameForAllThreads(const std::string& what, F&& make) {
  ThreadPool& pool = ThreadPool::instance();
  const int before = pool.threads();
  pool.setThreads(1);
  const auto one = make();
  for (int n : {2, 8}) {
    pool.setThreads(n);
    for (int repeat = 0; repeat < 3; repeat++) {
      const auto many = make();
      expect(std::memcmp(one.data(), many.data(), one.size() * sizeof(one[0])) == 0,
             what + ": differs between 1 and " + std::to_string(n) + " threads");
    }
  }
  pool.setThreads(before);
}

template <class T>
void checkDeterminism() {
  const int64_t shapes[][3] = {{200, 300, 500}, {1000, 16, 16}, {30, 20, 60000}, {1, 900, 3000}, {700, 1, 2000}};
  for (const auto& [m, n, k] : shapes)
    for (int form = 0; form < 4; form++) {
      const bool tA = (form & 1) != 0, tB = (form & 2) != 0;
      const std::vector<T> a = fractions<T>(m * k), b = fractions<T>(k * n);
      checkSameForAllThreads(describe(Product{m, n, k, tA, tB, false, 0, 1, false}), [&] {
        std::vector<T> c(size_t(m * n));
        gemm(GemmArgs<T>{.m = m, .n = n, .k = k, .a = a.data(), .lda = tA ? m : k, .transA = tA, .b = b.data(), .ldb = tB ? k : n,
                         .transB = tB, .c = c.data(), .ldc = n});
        return c;
      });
    }
  for (const ConvShape& s : {square(32, 14, 16, 3, 32, 1, 1), square(32, 15, 3, 3, 16, 2, 1), square(1, 40, 16, 3, 16, 1, 1),
                             square(40, 8, 16, 1, 24, 1, 0), square(16, 8, 8, 3, 8, 1, 1, 1, 8)}) {
    const std::vector<T> x = fractions<T>(s.n * s.h * s.w * s.c), f = fractions<T>(s.kh * s.kw * s.c / s.groups * s.o),
                         dy = fractions<T>(s.n * s.oh * s.ow * s.o);
    checkSameForAllThreads("convForward " + describe(s), [&] {
      std::vector<T> y(dy.size());
      convForward<T>(s, x.data(), f.data(), y.data());
      return y;
    });
    checkSameForAllThreads("convInputGrad " + describe(s), [&] {
      std::vector<T> dx(x.size());
      convInputGrad<T>(s, dy.data(), f.data(), dx.data());
      return dx;
    });
    checkSameForAllThreads("convFilterGrad " + describe(s), [&] {
      std::vector<T> df(f.size());
      convFilterGrad<T>(s, x.data(), dy.data(), df.data());
      return df;
    });
  }
}

void checkThreadPool() {
  ThreadPool& pool = ThreadPool::instance();
  for (int threads : {1, 2, 5}) {
    pool.setThreads(threads);
    std::vector<std::atomic<int>> seen(1000);
    std::atomic<bool> inRange{true};
    pool.parallelFor(1000, [&](int64_t task, int worker) {
      if (worker < 0 || worker >= threads) inRange = false;
      pool.parallelFor(3, [&](int64_t, int inner) {
        if (inner != worker) inRange = false;
        seen[size_t(task)]++;
      });
    });
    expect(inRange, "parallelFor: worker index, also of a nested loop");
    expect(std::all_of(seen.begin(), seen.end(), [](const auto& n) { return n == 3; }), "parallelFor: every task once");
    pool.parallelFor(0, [&](int64_t, int) { expect(false, "parallelFor: no task of none"); });

    bool thrown = false;
    try {
      pool.parallelFor(100, [](int64_t task, int) {
        if (task == 7) throw std::runtime_error("seven");
      });
    } catch (const std::runtime_error& e) {
      thrown = std::string(e.what()) == "seven";
    }
    expect(thrown, "parallelFor: a task's exception reaches the caller");

    // Several callers at once, as Node worker threads are, each with loops short and long.
    std::atomic<int64_t> total{0};
    std::vector<std::thread> callers;
    for (int c = 0; c < 4; c++)
      callers.emplace_back([&] {
        for (int i = 0; i < 200; i++) pool.parallelFor(1 + i % 9, [&](int64_t task, int) { total += task; });
      });
    for (std::thread& caller : callers) caller.join();
    int64_t want = 0;
    for (int i = 0; i < 200; i++) want += (1 + i % 9) * (i % 9) / 2;
    expect(total == 4 * want, "parallelFor: regions of several callers take turns");
  }
  pool.setThreads(2);
  char* block = static_cast<char*>(scratch(ScratchSlot::executor, 100));
  expect(reinterpret_cast<uintptr_t>(block) % 64 == 0, "scratch: aligned");
  block[0] = 5;
  expect(static_cast<char*>(scratch(ScratchSlot::executor, 50)) == block && block[0] == 5, "scratch: kept for a smaller request");
  expect(scratch(ScratchSlot::fused, 100) != block, "scratch: slots are apart");
}

template <class T>
void checkSimd() {
  static constexpr PerIsa<std::vector<std::string> (*)()> run = AB_PER_ISA(simdFailures<T>);
  const std::vector<std::string> wrong = run.chosen()();
  checks += 60;
  for (const std::string& what : wrong) expect(false, "Simd::" + what + " " + typeName<T>());
}

}  // namespace

int main() {
  std::printf("detected %s, %d threads\n", isaName(), ThreadPool::instance().threads());
  checkThreadPool();
  for (Isa each : {Isa::generic, Isa::avx2, Isa::avx512}) {
    if (!isaSupported(each)) {
      bool refused = false;
      try {
        setIsa(each);
      } catch (const std::runtime_error&) {
        refused = true;
      }
      expect(refused, "setIsa refuses a set this processor lacks");
      std::printf("%-8s not on this processor\n", isaName(each));
      continue;
    }
    setIsa(each);
    const int64_t before = checks;
    checkSimd<float>();
    checkSimd<double>();
    checkGemms<float>();
    checkGemms<double>();
    checkConvs<float>();
    checkConvs<double>();
    checkDeterminism<float>();
    checkDeterminism<double>();
    std::printf("%-8s %lld checks\n", isaName(each), static_cast<long long>(checks - before));
  }
  std::printf("%lld checks, %d failed\n", static_cast<long long>(checks), failures);
  return failures == 0 ? 0 : 1;
}
