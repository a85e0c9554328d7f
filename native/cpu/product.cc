// Matrix products and convolutions: floats go to gemm.h and conv.h, integers (indices, counts, images) take plain loops.
#include <cstring>
#include <type_traits>

#include "conv.h"
#include "gemm.h"
#include "kernels.h"

namespace ab {
namespace {

template <class T>
void productOfIntegers(const GemmArgs<T>& g) {
  parallelRanges(g.batch * g.m, g.n * g.k, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t matrix = row / g.m;
      const int64_t i = row % g.m;
      const T* const a = g.a + matrix * g.strideA;
      const T* const b = g.b + matrix * g.strideB;
      T* const c = g.c + matrix * g.strideC + i * g.ldc;
      for (int64_t j = 0; j < g.n; j++) {
        T sum{0};
        for (int64_t k = 0; k < g.k; k++) {
          const T left = g.transA ? a[k * g.lda + i] : a[i * g.lda + k];
          const T right = g.transB ? b[j * g.ldb + k] : b[k * g.ldb + j];
          sum = wrappingAdd(sum, wrappingProduct(left, right));
        }
        c[j] = sum;
      }
    }
  });
}

ConvShape convShape(const Extents& x, const Extents& filter, const Extents& y, const std::vector<int64_t>& params) {
  return {x[0],      x[1],      x[2],      x[3],      filter[0], filter[1], y[3],      y[1],     y[2],
          params[0], params[1], params[2], params[4], params[6], params[7], params[8]};
}

// Visits every term x · filter · y of the trilinear form, as offsets of its three factors.
template <class F>
void forEachTerm(const ConvShape& s, F&& visit) {
  const int64_t ci = s.c / s.groups;
  const int64_t co = s.o / s.groups;
  for (int64_t n = 0; n < s.n; n++)
    for (int64_t p = 0; p < s.oh; p++)
      for (int64_t q = 0; q < s.ow; q++)
        for (int64_t i = 0; i < s.kh; i++) {
          const int64_t row = p * s.strideH + i * s.dilH - s.padTop;
          if (row < 0 || row >= s.h) continue;
          for (int64_t j = 0; j < s.kw; j++) {
            const int64_t column = q * s.strideW + j * s.dilW - s.padLeft;
            if (column < 0 || column >= s.w) continue;
            for (int64_t c = 0; c < ci; c++)
              for (int64_t o = 0; o < s.o; o++) {
                const int64_t x = ((n * s.h + row) * s.w + column) * s.c + o / co * ci + c;
                visit(x, ((i * s.kw + j) * ci + c) * s.o + o, ((n * s.oh + p) * s.ow + q) * s.o + o);
              }
          }
        }
}

enum class Member { forward, inputGrad, filterGrad };

template <class T>
void convolve(Member member, ConvAlgorithm algorithm, const ConvShape& s, const T* a, const T* b, T* out, int64_t size) {
  const bool empty = s.n * s.oh * s.ow * s.o == 0 || s.c == 0;
  if constexpr (std::is_floating_point_v<T>) {
    if (empty) std::memset(out, 0, static_cast<size_t>(size) * sizeof(T));
    else if (member == Member::forward) convForward(s, a, b, out, algorithm);
    else if (member == Member::inputGrad) convInputGrad(s, a, b, out, algorithm);
    else convFilterGrad(s, a, b, out, algorithm);
  } else {
    std::memset(out, 0, static_cast<size_t>(size) * sizeof(T));
    if (empty) return;
    forEachTerm(s, [&](int64_t x, int64_t f, int64_t y) {
      const int64_t to = member == Member::forward ? y : member == Member::inputGrad ? x : f;
      const int64_t left = member == Member::inputGrad ? y : x;
      const int64_t right = member == Member::filterGrad ? y : f;
      out[to] = wrappingAdd(out[to], wrappingProduct(a[left], b[right]));
    });
  }
}

void runConvolution(Member member, const ConvShape& shape, const Kernel& kernel, const KernelMemory& memory) {
  const auto algorithm = static_cast<ConvAlgorithm>(kernel.params[9]);
  withType(kernel.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    convolve(member, algorithm, shape, static_cast<const T*>(memory.inputs[0]), static_cast<const T*>(memory.inputs[1]),
             static_cast<T*>(memory.output), kernel.output.shape.size());
  });
}

}  // namespace

void runDot(const Kernel& kernel, const KernelMemory& memory) {
  const Extents& a = kernel.inputs[0].shape;
  const Extents& b = kernel.inputs[1].shape;
  const Extents& out = kernel.output.shape;
  const int rank = out.rank;
  withType(kernel.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    GemmArgs<T> g;
    g.m = out[rank - 2];
    g.n = out[rank - 1];
    g.transA = kernel.params[0] != 0;
    g.transB = kernel.params[1] != 0;
    g.k = a[g.transA ? rank - 2 : rank - 1];
    for (int i = 0; i < rank - 2; i++) g.batch *= out[i];
    g.a = static_cast<const T*>(memory.inputs[0]);
    g.b = static_cast<const T*>(memory.inputs[1]);
    g.c = static_cast<T*>(memory.output);
    g.lda = a[rank - 1];
    g.ldb = b[rank - 1];
    g.ldc = g.n;
    g.strideA = g.m * g.k;
    g.strideB = g.k * g.n;
    g.strideC = g.m * g.n;
    if (g.k == 0) std::memset(g.c, 0, static_cast<size_t>(out.size()) * sizeof(T));
    else if constexpr (std::is_floating_point_v<T>) gemm(g);
    else productOfIntegers(g);
  });
}

void runConv2d(const Kernel& kernel, const KernelMemory& memory) {
  const ConvShape shape = convShape(kernel.inputs[0].shape, kernel.inputs[1].shape, kernel.output.shape, kernel.params);
  runConvolution(Member::forward, shape, kernel, memory);
}

void runConv2dInputGrad(const Kernel& kernel, const KernelMemory& memory) {
  const ConvShape shape = convShape(kernel.output.shape, kernel.inputs[1].shape, kernel.inputs[0].shape, kernel.params);
  runConvolution(Member::inputGrad, shape, kernel, memory);
}

void runConv2dFilterGrad(const Kernel& kernel, const KernelMemory& memory) {
  const ConvShape shape = convShape(kernel.inputs[0].shape, kernel.output.shape, kernel.inputs[1].shape, kernel.params);
  runConvolution(Member::filterGrad, shape, kernel, memory);
}

}  // namespace ab
