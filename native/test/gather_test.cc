// Counting, searching, moving rows by index, and products of integers.
#include <cmath>

#include "tensors.h"

namespace {

using namespace ab;
using namespace ab::test;

constexpr DType kNumbers[] = {DType::f32, DType::f64, DType::i32, DType::u8};

void iotas(DType dtype) {
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{1}, {63}, {7, 31}, {3, 1, 5}, {300, 2, 300}, {2, 2, 2, 2, 2, 2, 2, 3}})
    for (int axis = 0; axis < static_cast<int>(shape.size()); axis++)
      checkKernel(Opcode::iota, {}, {axis}, made(dtype, extentsOf(shape), [&](const Extents& at) { return static_cast<double>(at[axis]); }));
}

void largest(DType dtype) {
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{1}, {63}, {7, 31}, {31, 7, 3}, {2, 3, 1, 5}, {400, 300}, {3, 400, 90}})
    for (int axis = 0; axis < static_cast<int>(shape.size()); axis++)
      for (const bool nan : {false, true}) {
        if ((nan && bytesOf(dtype) < 4) || skipped()) continue;
        Tensor x = randomTensor(dtype, shape, 100);
        if (nan && dtype != DType::i32)
          for (double& v : x.values)
            if (randomBelow(9) == 0) v = NAN;
        Extents out;
        for (int i = 0; i < x.shape.rank; i++)
          if (i != axis) out[out.rank++] = x.shape[i];
        checkKernel(Opcode::argmax, {x}, {axis}, made(DType::i32, out, [&](const Extents& at) {
                      Extents from;
                      from.rank = x.shape.rank;
                      for (int i = 0, k = 0; i < from.rank; i++) from[i] = i == axis ? 0 : at[k++];
                      // The first of the largest; a NaN is larger than anything.
                      int64_t best = 0;
                      double most = valueAt(x, from);
                      for (int64_t i = 1; i < x.shape[axis]; i++) {
                        from[axis] = i;
                        const double value = valueAt(x, from);
                        if (value > most || (value != value && most == most)) best = i, most = value;
                      }
                      return static_cast<double>(best);
                    }));
      }
}

void rows(DType dtype) {
  for (const int64_t count : {0, 1, 3, 31, 600})
    for (const std::vector<int64_t>& rest : {std::vector<int64_t>{}, {1}, {7}, {3, 5}, {200}})
      for (const int64_t table : {0, 1, 2, 63}) {
        if (skipped()) continue;
        std::vector<int64_t> shape{table}, taken{count};
        shape.insert(shape.end(), rest.begin(), rest.end());
        taken.insert(taken.end(), rest.begin(), rest.end());
        Tensor index = randomTensor(DType::i32, {count});
        // Some out of range, near and far.
        for (double& i : index.values)
          i = randomBelow(12) == 0 ? (randomBelow(2) == 0 ? -2147483648.0 : 2147483647.0) : static_cast<double>(randomBelow(table + 2) - 1);
        const auto inside = [&](double i) { return i >= 0 && i < static_cast<double>(table); };
        const Tensor from = randomTensor(dtype, shape);
        checkKernel(Opcode::takeRows, {index, from}, {}, made(dtype, extentsOf(taken), [&](Extents at) {
                      const double i = index.values[size_t(at[0])];
                      if (!inside(i)) return 0.0;
                      at[0] = static_cast<int64_t>(i);
                      return valueAt(from, at);
                    }));
        const Tensor added = randomTensor(dtype, taken);
        Tensor sums{dtype, extentsOf(shape), std::vector<double>(size_t(extentsOf(shape).size()))};
        const int64_t width = extentsOf(rest).size();
        for (int64_t n = 0; n < count * width; n++) {
          const double i = index.values[size_t(n / width)];
          if (inside(i)) sums.values[size_t(static_cast<int64_t>(i) * width + n % width)] += added.values[size_t(n)];
        }
        for (double& v : sums.values) v = held(dtype, v);
        checkKernel(Opcode::addRows, {index, added}, {}, sums);
      }
}

// Floats are gemm_test's and conv_test's; here every dtype goes through the executor's kernel.
void products(DType dtype) {
  for (const int64_t m : {0, 1, 7, 31})
    for (const int64_t n : {0, 1, 3, 17})
      for (const int64_t k : {0, 1, 2, 33})
        for (int form = 0; form < 4; form++) {
          if (skipped()) continue;
          const bool ta = (form & 1) != 0, tb = (form & 2) != 0;
          const Tensor a = randomTensor(dtype, ta ? std::vector<int64_t>{2, k, m} : std::vector<int64_t>{2, m, k});
          const Tensor b = randomTensor(dtype, tb ? std::vector<int64_t>{2, n, k} : std::vector<int64_t>{2, k, n});
          checkKernel(Opcode::dot, {a, b}, {ta, tb}, made(dtype, extentsOf({2, m, n}), [&](const Extents& at) {
                        double sum = 0;
                        for (int64_t i = 0; i < k; i++)
                          sum += valueAt(a, extentsOf({at[0], ta ? i : at[1], ta ? at[1] : i})) *
                                 valueAt(b, extentsOf({at[0], tb ? at[2] : i, tb ? i : at[2]}));
                        return sum;
                      }));
        }
}

void convolutions(DType dtype) {
  for (const int64_t stride : {1, 2})
    for (const int64_t groups : {1, 2}) {
      const int64_t h = 5, w = 4, c = 4, k = 3, o = 6, low = 1, high = 2;
      const int64_t oh = (h + low + high - k) / stride + 1, ow = (w + low + high - k) / stride + 1;
      const Tensor x = randomTensor(dtype, {2, h, w, c}), f = randomTensor(dtype, {k, k, c / groups, o}),
                   dy = randomTensor(dtype, {2, oh, ow, o});
      const auto zeros = [&](const Tensor& like) { return Tensor{dtype, like.shape, std::vector<double>(like.values.size())}; };
      Tensor y = zeros(dy), dx = zeros(x), df = zeros(f);
      const int64_t cg = c / groups, og = o / groups;
      for (int64_t n = 0; n < dy.shape.size(); n++) {
        const Extents at = positionOf(dy.shape, n);
        for (int64_t t = 0; t < k * k * cg; t++) {
          const int64_t ky = t / cg / k, kx = t / cg % k, ci = t % cg;
          const int64_t iy = at[1] * stride + ky - low, ix = at[2] * stride + kx - low;
          if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
          const size_t atX = size_t(((at[0] * h + iy) * w + ix) * c + at[3] / og * cg + ci), atF = size_t(t * o + at[3]);
          y.values[size_t(n)] += x.values[atX] * f.values[atF];
          dx.values[atX] += dy.values[size_t(n)] * f.values[atF];
          df.values[atF] += dy.values[size_t(n)] * x.values[atX];
        }
      }
      for (Tensor* t : {&y, &dx, &df})
        for (double& v : t->values) v = held(dtype, v);
      const std::vector<int64_t> params{stride, stride, low, high, low, high, 1, 1, groups, 0};
      checkKernel(Opcode::conv2d, {x, f}, params, y);
      checkKernel(Opcode::conv2dInputGrad, {dy, f}, params, dx);
      checkKernel(Opcode::conv2dFilterGrad, {x, dy}, params, df);
    }
}

}  // namespace

int main() {
  forEachIsa([] {
    withThreads({1, 2, 8}, [] {
      for (const DType dtype : kNumbers) {
        iotas(dtype);
        largest(dtype);
        rows(dtype);
        products(dtype);
        convolutions(dtype);
      }
    });
  });
  return finish();
}
