// The same bits on 1, 2 and 8 threads, of sums that are rounded: products, convolutions, and reductions of a sweep.
#include <cstring>

#include "check.h"
#include "cpu/conv.h"
#include "cpu/fused.h"
#include "cpu/gemm.h"

namespace {

using namespace ab;
using namespace ab::test;

template <class F>
void same(const std::string& what, F&& make) {
  ThreadPool& pool = ThreadPool::instance();
  pool.setThreads(1);
  const auto one = make();
  for (const int n : {2, 8}) {
    pool.setThreads(n);
    for (int repeat = 0; repeat < 3; repeat++) {
      const auto many = make();
      expect(std::memcmp(one.data(), many.data(), one.size() * sizeof(one[0])) == 0,
             [&] { return what + ": differs between 1 and " + std::to_string(n) + " threads"; });
    }
  }
}

template <class T>
void products() {
  const int64_t shapes[][3] = {{200, 300, 500}, {1000, 16, 16}, {30, 20, 60000}, {1, 900, 3000}, {700, 1, 2000}};
  for (const auto& [m, n, k] : shapes)
    for (int form = 0; form < 4; form++) {
      if (skipped()) continue;
      const bool tA = (form & 1) != 0, tB = (form & 2) != 0;
      const std::vector<T> a = fractions<T>(m * k), b = fractions<T>(k * n);
      same("gemm", [&, m = m, n = n, k = k] {
        std::vector<T> c(size_t(m * n));
        gemm(GemmArgs<T>{.m = m, .n = n, .k = k, .a = a.data(), .lda = tA ? m : k, .transA = tA, .b = b.data(), .ldb = tB ? k : n,
                         .transB = tB, .c = c.data(), .ldc = n});
        return c;
      });
    }
}

template <class T>
void convolutions() {
  const auto square = [](int64_t n, int64_t hw, int64_t c, int64_t k, int64_t o, int64_t stride, int64_t pad, int64_t groups = 1) {
    const int64_t out = (hw + 2 * pad - k) / stride + 1;
    return ConvShape{n, hw, hw, c, k, k, o, out, out, stride, stride, pad, pad, 1, 1, groups};
  };
  for (const ConvShape& s : {square(32, 14, 16, 3, 32, 1, 1), square(32, 15, 3, 3, 16, 2, 1), square(1, 40, 16, 3, 16, 1, 1),
                             square(40, 8, 16, 1, 24, 1, 0), square(16, 8, 8, 3, 8, 1, 1, 8)}) {
    const std::vector<T> x = fractions<T>(s.n * s.h * s.w * s.c), f = fractions<T>(s.kh * s.kw * s.c / s.groups * s.o),
                         dy = fractions<T>(s.n * s.oh * s.ow * s.o);
    same("convForward", [&] {
      std::vector<T> y(dy.size());
      convForward<T>(s, x.data(), f.data(), y.data());
      return y;
    });
    same("convInputGrad", [&] {
      std::vector<T> dx(x.size());
      convInputGrad<T>(s, dy.data(), f.data(), dx.data());
      return dx;
    });
    same("convFilterGrad", [&] {
      std::vector<T> df(f.size());
      convFilterGrad<T>(s, x.data(), dy.data(), df.data());
      return df;
    });
  }
}

void squares() {
  const ConvShape shapes[] = {{32, 14, 14, 16, 3, 3, 32, 14, 14, 1, 1, 1, 1, 1, 1, 1}, {3, 40, 37, 24, 3, 3, 10, 40, 37, 1, 1, 1, 1, 1, 1, 1}};
  for (const ConvShape& s : shapes)
    for (const ConvAlgorithm algorithm : {ConvAlgorithm::winograd, ConvAlgorithm::winograd4}) {
      const std::vector<float> x = fractions<float>(s.n * s.h * s.w * s.c), f = fractions<float>(9 * s.c * s.o),
                               dy = fractions<float>(s.n * s.oh * s.ow * s.o);
      same("winogradForward", [&] {
        std::vector<float> y(dy.size());
        convForward<float>(s, x.data(), f.data(), y.data(), algorithm);
        return y;
      });
      same("winogradInputGrad", [&] {
        std::vector<float> dx(x.size());
        convInputGrad<float>(s, dy.data(), f.data(), dx.data(), algorithm);
        return dx;
      });
      same("winogradFilterGrad", [&] {
        std::vector<float> df(f.size());
        convFilterGrad<float>(s, x.data(), dy.data(), df.data(), algorithm);
        return df;
      });
    }
}

// Sums over every set of axes: y = exp(x), and its sum over the axes that are not kept.
template <class T>
void sums() {
  const DType dtype = sizeof(T) == 4 ? DType::f32 : DType::f64;
  for (const auto& shape : {std::array<int64_t, 3>{64, 49, 64}, {3, 7, 5}, {90, 30, 10}, {2, 300, 1500}, {300, 2, 160}})
    for (uint32_t kept = 0; kept < 8; kept++) {
      if (skipped()) continue;
      Fused group;
      group.extents.rank = 3;
      int64_t size = 1, results = 1;
      for (int i = 0; i < 3; i++) {
        group.extents[i] = shape[size_t(i)];
        size *= shape[size_t(i)];
        if (kept >> i & 1) results *= shape[size_t(i)];
      }
      Slot operand{SlotKind::operand, dtype, 0, 0, group.extents};
      operand.strides[2] = 1, operand.strides[1] = shape[2], operand.strides[0] = shape[1] * shape[2];
      group.slots = {operand, Slot{SlotKind::scratch, dtype, -1, 0, {}}};
      group.steps = {Step{StepOp::exp, 1, {0, -1, -1}}};
      group.folds = {Fold{FoldOp::sum, 1, 1, kept}};
      std::vector<T> x = fractions<T>(size);
      const Sweep sweep(group);
      same("sum of a sweep", [&] {
        std::vector<T> y(static_cast<size_t>(results));
        std::vector<std::max_align_t> workspace(sweep.workspaceBytes() / sizeof(std::max_align_t) + 1);
        void* const buffers[] = {x.data(), y.data()};
        sweep.run(buffers, workspace.data());
        return y;
      });
    }
}

}  // namespace

int main() {
  forEachIsa([] {
    products<float>();
    products<double>();
    convolutions<float>();
    convolutions<double>();
    squares();
    sums<float>();
    sums<double>();
  });
  return finish();
}
