// The matrix product of im2col without the patches. In a bordered copy of the image the taps of a filter row lie side by side, kw * c
// numbers of a run, so a pixel's window is kh runs and can be read in place. A pixel's channels, up to four vectors, stay in registers
// for the whole window: one broadcast and a load for each multiply-add, and as many independent sums as there are vectors.
#include "conv/border.h"
#include "conv/filter.h"

namespace ab::lab::forward {
namespace {

constexpr int64_t kMost = 4;

template <int B>
void pixel(const ConvShape& s, const float* x, int64_t rowStep, const float* f, float* y, int64_t lanes) {
  V::Reg sums[1][B];
#pragma GCC unroll 4
  for (int v = 0; v < B; v++) sums[0][v] = V::zero();
  for (int64_t ky = 0; ky < s.kh; ky++)
    for (int64_t k = 0; k < s.kw * s.c; k++, f += B * W) {
      const V::Reg value = V::set1(x[ky * rowStep + k]);
#pragma GCC unroll 4
      for (int v = 0; v < B; v++) sums[0][v] = V::fma(value, V::load(f + v * W), sums[0][v]);
    }
  writeTile(sums, y, 0, 1, lanes, true);
}
using Pixel = void (*)(const ConvShape&, const float*, int64_t, const float*, float*, int64_t);
constexpr Pixel kPixel[] = {&pixel<1>, &pixel<2>, &pixel<3>, &pixel<4>};

int64_t vectorsAtOnce(const ConvShape& s) { return std::min(kMost, vectorsOf(s.o)); }

void run(const ConvShape& s, const float* x, const float* f, float* y) {
  const int64_t vectors = vectorsAtOnce(s), depth = s.kh * s.kw * s.c;
  const float* packed = packForward(s, f, vectors * W);
  const int64_t rowStep = Covered(s).columns * s.c;
  for (int64_t n = 0; n < s.n; n++) {
    const float* bordered = copyCovered(s, x, n);
    for (int64_t oy = 0; oy < s.oh; oy++)
      for (int64_t ox = 0; ox < s.ow; ox++, y += s.o)
        for (int64_t j = 0; j < s.o; j += vectors * W)
          kPixel[vectors - 1](s, bordered + oy * s.strideH * rowStep + ox * s.strideW * s.c, rowStep, packed + j * depth, y + j, s.o - j);
  }
}

void bound(const ConvShape& s, Napkin& napkin) {
  const double vectors = steps(s) / double(s.o) * double(vectorsOf(s.o));
  borderBound(s, napkin);
  napkin.fmas(vectors);
  napkin.chain(vectors, double(s.kh * s.kw * s.c), double(vectorsAtOnce(s)));
  napkin.loads(vectors, vectors / double(vectorsAtOnce(s)));
  napkin.read(4 * W * vectors, napkin.machine().holding(4 * filterSize(s)));
}

}  // namespace

const Rung<ConvShape> implicit{"implicit", "no patches: a bordered image read in place, a pixel at a time", run, bound};

}  // namespace ab::lab::forward
