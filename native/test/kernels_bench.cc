// GFLOP/s of the kernels and the share of the multiply-add peak measured in the same run.
//
//   kernels_bench [f64] [threads=N] [only=SUBSTRING]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "cpu/conv.h"
#include "cpu/gemm.h"
#include "cpu/isa.h"
#include "cpu/probe.h"
#include "cpu/thread_pool.h"

namespace {

using namespace ab;

std::string only;
double peak = 0;

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Tensors of the executor start on cache lines; a vector that straddles two costs a second load.
template <class T>
struct Aligned {
  using value_type = T;
  Aligned() = default;
  template <class U>
  Aligned(const Aligned<U>&) {}
  T* allocate(size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t{64})); }
  void deallocate(T* p, size_t) { ::operator delete(p, std::align_val_t{64}); }
  bool operator==(const Aligned&) const { return true; }
};
template <class T>
using Tensor = std::vector<T, Aligned<T>>;

template <class T>
Tensor<T> filled(int64_t size) {
  Tensor<T> v(static_cast<size_t>(size));
  for (size_t i = 0; i < v.size(); i++) v[i] = static_cast<T>(static_cast<int>(i * 2654435761u % 17) - 8) / 8;
  return v;
}

// The best of as many runs as fit 0.25 s, at least three: on a shared machine the fastest run is the least disturbed one.
template <class F>
void measure(const std::string& name, double flops, F&& run) {
  if (name.find(only) == std::string::npos) return;
  run();
  const int inner = std::max(1, static_cast<int>(2e6 / flops));
  double best = 1e30;
  const double stop = seconds() + 0.25;
  for (int i = 0; i < 3 || seconds() < stop; i++) {
    const double start = seconds();
    for (int j = 0; j < inner; j++) run();
    best = std::min(best, (seconds() - start) / inner);
  }
  const double rate = flops / best * 1e-9;
  std::printf("%-44s %9.2f us %8.1f GFLOP/s  %5.2f of peak\n", name.c_str(), best * 1e6, rate, rate / peak);
}

template <class T>
void benchGemm(int64_t m, int64_t n, int64_t k, bool tA, bool tB) {
  const Tensor<T> a = filled<T>(m * k), b = filled<T>(k * n);
  Tensor<T> c(static_cast<size_t>(m * n));
  char name[100];
  std::snprintf(name, sizeof name, "gemm %s%s %ldx%ldx%ld", tA ? "T" : "N", tB ? "T" : "N", long(m), long(n), long(k));
  measure(name, 2.0 * double(m) * double(n) * double(k), [&] {
    gemm(GemmArgs<T>{.m = m, .n = n, .k = k, .a = a.data(), .lda = tA ? m : k, .transA = tA, .b = b.data(), .ldb = tB ? k : n,
                     .transB = tB, .c = c.data(), .ldc = n});
  });
}

template <class T>
void benchConv(int64_t n, int64_t hw, int64_t c, int64_t k, int64_t o, int64_t stride, int64_t groups = 1) {
  const int64_t out = (hw + 2 * (k / 2) - k) / stride + 1;
  const ConvShape s{n, hw, hw, c, k, k, o, out, out, stride, stride, k / 2, k / 2, 1, 1, groups};
  const Tensor<T> x = filled<T>(n * hw * hw * c), f = filled<T>(k * k * c / groups * o), dy = filled<T>(n * out * out * o);
  Tensor<T> y(dy.size()), dx(x.size()), df(f.size());
  const double flops = 2.0 * double(n * out * out * o) * double(k * k * c / groups);
  char name[100];
  std::snprintf(name, sizeof name, "%ldx%ld %ld->%ld %ldx%ld/%ld n=%ld g=%ld", long(hw), long(hw), long(c), long(o), long(k), long(k),
                long(stride), long(n), long(groups));
  measure(std::string("conv forward     ") + name, flops, [&] { convForward<T>(s, x.data(), f.data(), y.data()); });
  measure(std::string("conv input grad  ") + name, flops, [&] { convInputGrad<T>(s, dy.data(), f.data(), dx.data()); });
  measure(std::string("conv filter grad ") + name, flops, [&] { convFilterGrad<T>(s, x.data(), dy.data(), df.data()); });
}

template <class T>
void benchAll() {
  for (int64_t n : {4, 8, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024})
    for (int form = 0; form < 4; form++)
      if (form == 0 || n == 64 || n == 512) benchGemm<T>(n, n, n, (form & 1) != 0, (form & 2) != 0);
  benchGemm<T>(128, 128, 784, false, false);   // dense layers, forward and both gradients
  benchGemm<T>(128, 784, 128, false, true);
  benchGemm<T>(784, 128, 128, true, false);
  benchGemm<T>(128, 10, 128, false, false);
  benchGemm<T>(100352, 16, 16, false, false);  // tall and skinny
  benchGemm<T>(16, 16, 100352, true, false);
  benchGemm<T>(1, 1024, 1024, false, true);
  benchConv<T>(128, 28, 1, 3, 16, 1);
  benchConv<T>(128, 32, 3, 3, 16, 1);
  for (int64_t hw : {28, 32}) {
    benchConv<T>(128, hw, 16, 3, 16, 1);
    benchConv<T>(128, hw / 2, 32, 3, 32, 1);
    benchConv<T>(128, hw / 4, 64, 3, 64, 1);
    benchConv<T>(128, hw, 16, 3, 32, 2);
    benchConv<T>(128, hw / 2, 32, 3, 64, 2);
  }
  benchConv<T>(128, 28, 16, 1, 32, 2);
  benchConv<T>(128, 14, 32, 1, 64, 1);
  benchConv<T>(128, 28, 6, 5, 16, 1);
  benchConv<T>(128, 14, 32, 3, 32, 1, 4);
  benchConv<T>(128, 14, 64, 3, 64, 1, 64);
}

}  // namespace

int main(int argc, char** argv) {
  bool f64 = false;
  for (int i = 1; i < argc; i++) {
    if (std::strcmp(argv[i], "f64") == 0) f64 = true;
    if (std::strncmp(argv[i], "threads=", 8) == 0) ThreadPool::instance().setThreads(std::atoi(argv[i] + 8));
    if (std::strncmp(argv[i], "only=", 5) == 0) only = argv[i] + 5;
  }
  const int threads = ThreadPool::instance().threads();
  peak = std::max(fmaPeakGflops(threads, f64), fmaPeakGflops(threads, f64));
  std::printf("%s %s, %d threads: peak %.1f GFLOP/s, copy %.1f GB/s\n", isaName(), f64 ? "f64" : "f32", threads, peak,
              copyBandwidthGBs(threads));
  if (f64) {
    benchAll<double>();
  } else {
    benchAll<float>();
  }
  return 0;
}
