// Pooling against one window at a time.
#include <cmath>

#include "tensors.h"

namespace {

using namespace ab;
using namespace ab::test;

struct Geometry {
  int64_t n, h, w, c, kh, kw, strideH, strideW, top, bottom, left, right;
  int64_t oh() const { return h + top + bottom < kh ? 0 : (h + top + bottom - kh) / strideH + 1; }
  int64_t ow() const { return w + left + right < kw ? 0 : (w + left + right - kw) / strideW + 1; }
  std::vector<int64_t> params() const { return {kh, kw, strideH, strideW, top, bottom, left, right}; }
};

// Calls visit(y, x) for the pixels of one window that lie in the image.
template <class F>
void forEachPixel(const Geometry& g, int64_t p, int64_t q, F&& visit) {
  for (int64_t y = p * g.strideH - g.top; y < p * g.strideH - g.top + g.kh; y++)
    for (int64_t x = q * g.strideW - g.left; x < q * g.strideW - g.left + g.kw; x++)
      if (y >= 0 && y < g.h && x >= 0 && x < g.w) visit(y, x);
}

void check(const Geometry& g, DType dtype, bool nan) {
  Tensor x = randomTensor(dtype, {g.n, g.h, g.w, g.c}, 50);
  if (nan)
    for (double& v : x.values)
      if (randomBelow(7) == 0) v = NAN;
  const Extents pooled = extentsOf({g.n, g.oh(), g.ow(), g.c});
  const Tensor at = made(DType::i32, pooled, [&](const Extents& o) {
    int64_t best = -1;
    double most = 0;
    forEachPixel(g, o[1], o[2], [&](int64_t y, int64_t xx) {
      const double value = valueAt(x, extentsOf({o[0], y, xx, o[3]}));
      if (best < 0 || value > most || (value != value && most == most)) best = y * g.w + xx, most = value;
    });
    return static_cast<double>(best);
  });
  checkKernel(Opcode::windowArgmax, {x}, g.params(), at);
  if (nan) return;
  checkKernel(Opcode::windowSum, {x}, g.params(), made(dtype, pooled, [&](const Extents& o) {
                double sum = 0;
                forEachPixel(g, o[1], o[2], [&](int64_t y, int64_t xx) { sum += valueAt(x, extentsOf({o[0], y, xx, o[3]})); });
                return sum;
              }));
  const Tensor dy = randomTensor(dtype, {g.n, g.oh(), g.ow(), g.c}, 9);
  Tensor dx{dtype, x.shape, std::vector<double>(x.values.size())};
  for (int64_t n = 0; n < pooled.size(); n++) {
    const Extents o = positionOf(pooled, n);
    forEachPixel(g, o[1], o[2], [&](int64_t y, int64_t xx) {
      dx.values[size_t(((o[0] * g.h + y) * g.w + xx) * g.c + o[3])] += dy.values[size_t(n)];
    });
  }
  for (double& v : dx.values) v = held(dtype, v);
  checkKernel(Opcode::windowSpread, {dy}, g.params(), dx);

  // Positions of one's own, some out of range.
  Tensor index = at;
  for (double& i : index.values) i = randomBelow(9) == 0 ? static_cast<double>(g.h * g.w) : i;
  const auto inside = [&](double i) { return i >= 0 && i < static_cast<double>(g.h * g.w); };
  const int64_t positions = g.oh() * g.ow();
  checkKernel(Opcode::planeTake, {index, x}, {}, made(dtype, pooled, [&](const Extents& o) {
                const double i = valueAt(index, o);
                return inside(i) ? x.values[size_t((o[0] * g.h * g.w + static_cast<int64_t>(i)) * g.c + o[3])] : 0.0;
              }));
  Tensor put{dtype, x.shape, std::vector<double>(x.values.size())};
  for (int64_t n = 0; n < pooled.size(); n++) {
    const double i = index.values[size_t(n)];
    if (inside(i)) put.values[size_t((n / g.c / positions * g.h * g.w + static_cast<int64_t>(i)) * g.c + n % g.c)] += dy.values[size_t(n)];
  }
  for (double& v : put.values) v = held(dtype, v);
  checkKernel(Opcode::planePut, {index, dy}, {}, put);
}

}  // namespace

int main() {
  forEachIsa([] {
    withThreads({1, 2, 8}, [] {
      for (const DType dtype : {DType::f32, DType::f64, DType::i32, DType::u8}) {
        const bool floats = dtype == DType::f32 || dtype == DType::f64;
        // Channels around every width of a vector.
        for (const int64_t c : sizesAround({4, 8, 16}))
          for (const int64_t k : {1, 2, 3})
            for (const int64_t stride : {1, 2, 3}) {
              if (skipped()) continue;
              check({2, 7, 6, c, k, k, stride, stride, k / 2, 0, 0, k / 2}, dtype, false);
              if (floats) check({1, 5, 6, c, k, k, stride, stride, 0, 0, 0, 0}, dtype, true);
            }
        for (int i = 0; i < 100; i++) {
          const int64_t kh = 1 + randomBelow(4), kw = 1 + randomBelow(4);
          const Geometry g{randomBelow(4), 1 + randomBelow(9), 1 + randomBelow(9), 1 + randomBelow(20), kh, kw, 1 + randomBelow(3),
                           1 + randomBelow(3), randomBelow(kh), randomBelow(kh), randomBelow(kw), randomBelow(kw)};
          if (!skipped()) check(g, dtype, floats && i % 3 == 0);
        }
        if (!skipped()) check({20, 28, 28, 16, 2, 2, 2, 2, 0, 0, 0, 0}, dtype, false);  // many tasks
      }
    });
  });
  return finish();
}
