#include "conv.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "conv_tasks.h"
#include "conv_winograd.h"
#include "gemm.h"
#include "gemm_cut.h"
#include "gemm_tile.h"
#include "scratch.h"
#include "thread_pool.h"

#define AB_KERNELS "../conv_all.inc"
#include "simd/foreach_isa.h"

namespace ab {
namespace {

// Steps that no output takes may be as long as they like, and then products with them overflow: they become 1. Of those that are taken, the
// decoder has bounded the span.
ConvShape taken(ConvShape s) {
  if (s.oh <= 1) s.strideH = 1;
  if (s.ow <= 1) s.strideW = 1;
  if (s.kh <= 1) s.dilH = 1;
  if (s.kw <= 1) s.dilW = 1;
  return s;
}

// The one place where a convolution chooses its path.
enum class Path {
  nothing,  // the output has no elements
  zeros,    // it has, but nothing is summed into them
  product,  // each output pixel reads a stretch of memory that no other pixel shares: a plain matrix product
  gather,   // the implicit product, any stride, padding, dilation and groups
  squares   // minimal filtering, where somebody asked for it
};

struct Counts {
  int64_t pixels;  // outputs of the equivalent matrix product
  int64_t depth;   // inputs each of them reads
};

bool pointwise(const ConvShape& s) {
  return s.kh == 1 && s.kw == 1 && s.strideH == 1 && s.strideW == 1 && s.oh == s.h && s.ow == s.w;
}
bool wholeImage(const ConvShape& s) { return s.oh == 1 && s.ow == 1 && s.kh == s.h && s.kw == s.w && s.dilH == 1 && s.dilW == 1; }

Path choosePath(const ConvShape& s, ConvAlgorithm algorithm, int64_t outputs, int64_t terms) {
  if (outputs == 0) return Path::nothing;
  if (terms == 0) return Path::zeros;
  if (algorithm != ConvAlgorithm::direct) return Path::squares;
  if (s.groups == 1 && s.padTop == 0 && s.padLeft == 0 && (pointwise(s) || wholeImage(s))) return Path::product;
  return Path::gather;
}

Counts asProduct(const ConvShape& s) {
  if (pointwise(s)) return {s.n * s.h * s.w, s.c};
  return {s.n, s.h * s.w * s.c};
}

int64_t elementsX(const ConvShape& s) { return s.n * s.h * s.w * s.c; }
int64_t elementsY(const ConvShape& s) { return s.n * s.oh * s.ow * s.o; }
int64_t elementsFilter(const ConvShape& s) { return s.groups == 0 ? 0 : s.kh * s.kw * (s.c / s.groups) * s.o; }

template <class T>
using Kernel = void (*)(const ConvShape&, const T*, const T*, T*);

}  // namespace

template <class T>
void convForward(const ConvShape& shape, const T* x, const T* filter, T* y, ConvAlgorithm algorithm) {
  const ConvShape s = taken(shape);
  static constexpr PerIsa<Kernel<T>> run = AB_PER_ISA(gatherForward<T>);
  switch (choosePath(s, algorithm, elementsY(s), elementsX(s) == 0 ? 0 : elementsFilter(s))) {
    case Path::nothing: return;
    case Path::zeros: std::fill_n(y, elementsY(s), T(0)); return;
    case Path::gather: run.chosen()(s, x, filter, y); return;
    case Path::squares:
      if constexpr (std::is_same_v<T, float>) winogradForward(s, algorithm, x, filter, y);
      return;
    case Path::product: break;
  }
  const Counts p = asProduct(s);
  gemm(GemmArgs<T>{.m = p.pixels, .n = s.o, .k = p.depth, .a = x, .lda = p.depth, .b = filter, .ldb = s.o, .c = y, .ldc = s.o});
}

template <class T>
void convInputGrad(const ConvShape& shape, const T* dy, const T* filter, T* dx, ConvAlgorithm algorithm) {
  const ConvShape s = taken(shape);
  static constexpr PerIsa<Kernel<T>> run = AB_PER_ISA(gatherInputGrad<T>);
  switch (choosePath(s, algorithm, elementsX(s), elementsY(s) == 0 ? 0 : elementsFilter(s))) {
    case Path::nothing: return;
    case Path::zeros: std::fill_n(dx, elementsX(s), T(0)); return;
    case Path::gather: run.chosen()(s, dy, filter, dx); return;
    case Path::squares:
      if constexpr (std::is_same_v<T, float>) winogradInputGrad(s, algorithm, dy, filter, dx);
      return;
    case Path::product: break;
  }
  const Counts p = asProduct(s);
  gemm(GemmArgs<T>{.m = p.pixels, .n = p.depth, .k = s.o, .a = dy, .lda = s.o, .b = filter, .ldb = s.o, .transB = true, .c = dx,
                   .ldc = p.depth});
}

template <class T>
void convFilterGrad(const ConvShape& shape, const T* x, const T* dy, T* dfilter, ConvAlgorithm algorithm) {
  const ConvShape s = taken(shape);
  static constexpr PerIsa<Kernel<T>> run = AB_PER_ISA(sumFilterGrad<T>);
  switch (choosePath(s, algorithm, elementsFilter(s), elementsX(s) == 0 ? 0 : elementsY(s))) {
    case Path::nothing: return;
    case Path::zeros: std::fill_n(dfilter, elementsFilter(s), T(0)); return;
    case Path::gather: run.chosen()(s, x, dy, dfilter); return;
    case Path::squares:
      if constexpr (std::is_same_v<T, float>) winogradFilterGrad(s, algorithm, x, dy, dfilter);
      return;
    case Path::product: break;
  }
  const Counts p = asProduct(s);
  gemm(GemmArgs<T>{.m = p.depth, .n = s.o, .k = p.pixels, .a = x, .lda = p.depth, .transA = true, .b = dy, .ldb = s.o, .c = dfilter,
                   .ldc = s.o});
}

template void convForward<float>(const ConvShape&, const float*, const float*, float*, ConvAlgorithm);
template void convForward<double>(const ConvShape&, const double*, const double*, double*, ConvAlgorithm);
template void convInputGrad<float>(const ConvShape&, const float*, const float*, float*, ConvAlgorithm);
template void convInputGrad<double>(const ConvShape&, const double*, const double*, double*, ConvAlgorithm);
template void convFilterGrad<float>(const ConvShape&, const float*, const float*, float*, ConvAlgorithm);
template void convFilterGrad<double>(const ConvShape&, const double*, const double*, double*, ConvAlgorithm);

}  // namespace ab
