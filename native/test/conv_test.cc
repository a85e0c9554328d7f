// The three convolutions against naive loops.
#include "cpu/conv.h"

#include "check.h"
#include "conv_shapes.h"

namespace {

using namespace ab;
using namespace ab::test;

template <class T>
void check(const ConvShape& s) {
  const int64_t nx = s.n * s.h * s.w * s.c, nf = s.kh * s.kw * (s.c / s.groups) * s.o, ny = s.n * s.oh * s.ow * s.o;
  const std::vector<T> x = smallIntegers<T>(nx), f = smallIntegers<T>(nf), dy = smallIntegers<T>(ny);
  std::vector<T> y(size_t(ny), T(0)), dx(size_t(nx), T(0)), df(size_t(nf), T(0));
  naive(s, x.data(), f.data(), dy.data(), y.data(), dx.data(), df.data());
  for (const Edge edge : kEdges) {
    const Guarded<T> gx(x, edge), gf(f, edge), gdy(dy, edge);
    const Guarded<T> toY(std::vector<T>(y.size(), T(77)), edge), toX(std::vector<T>(dx.size(), T(77)), edge),
        toF(std::vector<T>(df.size(), T(77)), edge);
    convForward<T>(s, gx.get(), gf.get(), toY.get());
    expect(toY == y, [&] { return describe("convForward", s, typeName<T>()); });
    convInputGrad<T>(s, gdy.get(), gf.get(), toX.get());
    expect(toX == dx, [&] { return describe("convInputGrad", s, typeName<T>()); });
    convFilterGrad<T>(s, gx.get(), gdy.get(), toF.get());
    expect(toF == df, [&] { return describe("convFilterGrad", s, typeName<T>()); });
  }
}

template <class T>
void checkFamilies() {
  const int64_t channels[] = {1, 3, 16, 17, 32, 64};
  for (const int64_t c : channels)
    for (const int64_t o : channels)
      for (const int64_t k : {1, 3, 5})
        for (const int64_t stride : {1, 2, 3})
          for (const int64_t dil : {1, 2})
            for (const Padding& pad : {Padding{0, 0, 0, 0}, Padding{k / 2, k / 2, k / 2, k / 2}, Padding{1, 2, 0, 3}}) {
              if (c * o > 300 ? randomBelow(5) != 0 : false) continue;  // the naive loops take most of the time
              if (!skipped()) check<T>(shaped(1, 7, 8, c, k, o, stride, pad, dil));
            }
  // Groups: two, as many as channels, and as many with several outputs each.
  for (const int64_t c : channels)
    for (const int64_t k : {1, 3, 5})
      for (const int64_t stride : {1, 2, 3})
        for (const int64_t dil : {1, 2}) {
          const Padding pad{1, 0, 2, 1};
          if (c % 2 == 0 && !skipped()) check<T>(shaped(2, 7, 6, c, k, 2 * 17, stride, pad, dil, 2));
          if (!skipped()) check<T>(shaped(2, 7, 6, c, k, c, stride, pad, dil, c));
          if (!skipped()) check<T>(shaped(1, 7, 6, c, k, 3 * c, stride, pad, dil, c));
        }
  // Widths around every tile of pixels.
  for (const int64_t w : sizesAround({6, 8, 12, 14, 16}))
    for (const int64_t c : {1, 3, 16})
      for (const int64_t o : {1, 10, 16, 33})
        if (!skipped()) check<T>(shaped(2, 5, w, c, 3, o, 1, {1, 1, 1, 1}));
}

template <class T>
void checkOddities() {
  for (const int64_t stride : {1, 2, 3})
    for (const int64_t dil : {1, 2})
      for (const int64_t pad : {0, 1, 2, 5, -1})
        for (const int64_t k : {1, 2, 3, 5}) {
          if (!skipped()) check<T>(square(2, 11, 4, k, 6, stride, pad, dil));
          if (!skipped()) check<T>(square(1, 12, 6, k, 4, stride, pad, dil, 2));
        }
  check<T>(square(3, 13, 40, 3, 70, 1, 1));   // several panels
  check<T>(square(5, 10, 24, 1, 40, 1, 0));   // products
  check<T>(square(5, 6, 8, 6, 20, 1, 0));
  check<T>(square(3, 8, 8, 1, 8, 2, 0));
  check<T>(square(0, 8, 8, 3, 8, 1, 1));      // empty in each way
  check<T>(square(2, 8, 0, 3, 8, 1, 1));
  check<T>(square(2, 8, 8, 3, 0, 1, 1));
  check<T>(square(2, 2, 8, 3, 8, 1, 0));
  check<T>(square(2, 4, 5, 3, 6, 1000, 1));   // strides and dilation beyond the image
  check<T>(square(2, 4, 5, 3, 6, 9, 100, 101));
  check<T>(square(2, 4, 5, 2, 6, 7, 3, 4));
  check<T>(square(33, 28, 1, 3, 16, 1, 1));   // many chunks
  check<T>(square(1, 64, 16, 3, 16, 1, 1));   // bands of one image
  for (int i = 0; i < 150; i++) {
    const int64_t groups = 1 + randomBelow(3);
    ConvShape s{1 + randomBelow(3), 1 + randomBelow(13), 1 + randomBelow(13), groups * (1 + randomBelow(5)), 1 + randomBelow(4),
                1 + randomBelow(4), groups * (1 + randomBelow(20)), 0, 0, 1 + randomBelow(3), 1 + randomBelow(3), randomBelow(4) - 1,
                randomBelow(4) - 1, 1 + randomBelow(2), 1 + randomBelow(2), groups};
    s.oh = outputSize(s.h, s.kh, s.strideH, s.dilH, s.padTop, randomBelow(4) - 1);
    s.ow = outputSize(s.w, s.kw, s.strideW, s.dilW, s.padLeft, randomBelow(4) - 1);
    if (!skipped()) check<T>(s);
  }
}

}  // namespace

int main() {
  forEachIsa([] {
    checkFamilies<float>();
    checkFamilies<double>();
    withThreads({1, 2, 8}, [] {
      checkOddities<float>();
      checkOddities<double>();
    });
  });
  return finish();
}
