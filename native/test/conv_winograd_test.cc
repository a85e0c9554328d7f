// Winograd's algorithm against naive loops. Squares of two are exact on small integers; squares of four are held to an error.
#include "cpu/conv_winograd.h"

#include <algorithm>
#include <cmath>

#include "check.h"
#include "conv_shapes.h"

namespace {

using namespace ab;
using namespace ab::test;

// Largest error of squares of four, in units of 2^-24 of the largest result of the same shape with absolute values.
constexpr double kAllowed = 32;

struct Tensors {
  std::vector<float> x, filter, dy;
};

// What the three should give, in double.
struct Results {
  std::vector<double> y, dx, df;
};

Results expected(const ConvShape& s, const Tensors& t) {
  const auto wide = [](const std::vector<float>& v) { return std::vector<double>(v.begin(), v.end()); };
  Results r{std::vector<double>(t.dy.size()), std::vector<double>(t.x.size()), std::vector<double>(t.filter.size())};
  naive(s, wide(t.x).data(), wide(t.filter).data(), wide(t.dy).data(), r.y.data(), r.dx.data(), r.df.data());
  return r;
}

Tensors absolute(Tensors t) {
  for (std::vector<float>* v : {&t.x, &t.filter, &t.dy})
    for (float& value : *v) value = std::fabs(value);
  return t;
}

// Runs one member between guard pages and compares.
template <class Run>
void compare(const char* what, const ConvShape& s, const std::vector<double>& want, double allowed, Edge edge, Run&& run) {
  const Guarded<float> got(std::vector<float>(want.size(), 77), edge);
  run(got.get());
  double worst = 0;
  for (size_t i = 0; i < want.size(); i++) {
    const double error = std::fabs(got.get()[i] - want[i]);
    worst = error <= worst ? worst : error;  // a NaN stays
  }
  expect(worst <= allowed && got.intact(), [&] { return describe(what, s, "f32") + ": error " + std::to_string(worst); });
}

void check(const ConvShape& s) {
  const int64_t nx = s.n * s.h * s.w * s.c, nf = 9 * s.c * s.o, ny = s.n * s.oh * s.ow * s.o;
  for (const ConvAlgorithm algorithm : {ConvAlgorithm::winograd, ConvAlgorithm::winograd4}) {
    const bool exact = algorithm == ConvAlgorithm::winograd;
    const Tensors t = exact ? Tensors{smallIntegers<float>(nx), smallIntegers<float>(nf), smallIntegers<float>(ny)}
                            : Tensors{fractions<float>(nx), fractions<float>(nf), fractions<float>(ny)};
    const Results want = expected(s, t);
    const Results sizes = exact ? want : expected(s, absolute(t));
    const auto allowed = [&](const std::vector<double>& v) {
      return exact || v.empty() ? 0 : kAllowed * 0x1p-24 * *std::max_element(v.begin(), v.end());
    };
    for (const Edge edge : kEdges) {
      const Guarded<float> x(t.x, edge), f(t.filter, edge), dy(t.dy, edge);
      compare("winogradForward", s, want.y, allowed(sizes.y), edge, [&](float* y) { convForward<float>(s, x.get(), f.get(), y, algorithm); });
      compare("winogradInputGrad", s, want.dx, allowed(sizes.dx), edge,
              [&](float* dx) { convInputGrad<float>(s, dy.get(), f.get(), dx, algorithm); });
      compare("winogradFilterGrad", s, want.df, allowed(sizes.df), edge,
              [&](float* df) { convFilterGrad<float>(s, x.get(), dy.get(), df, algorithm); });
    }
  }
}

void checkShapes() {
  // Around every vector of channels and both panels of them.
  for (const int64_t c : {1, 3, 4, 8, 15, 16, 17, 33})
    for (const int64_t o : {1, 5, 8, 16, 31, 32, 47, 65})
      if (!skipped()) check(square(1, 5, c, 3, o, 1, 1));
  // Sizes that leave squares over at the right and below, or that one square covers.
  for (const int64_t h : {1, 2, 3, 4, 5, 7, 9})
    for (const int64_t w : {1, 2, 4, 6, 13, 31})
      for (const Padding& pad : {Padding{1, 1, 1, 1}, Padding{0, 0, 0, 0}, Padding{2, 0, 0, 3}, Padding{5, 4, 3, 6}, Padding{-1, 2, 1, -1}})
        if (!skipped()) check(shaped(2, h, w, 4, 3, 6, 1, pad));
  check(square(0, 8, 8, 3, 8, 1, 1));  // empty in each way
  check(square(2, 8, 0, 3, 8, 1, 1));
  check(square(2, 8, 8, 3, 0, 1, 1));
  check(square(2, 2, 8, 3, 8, 1, 0));
  check(square(9, 14, 16, 3, 16, 1, 1));  // many tiles, chunks and tasks
  check(square(2, 33, 32, 3, 24, 1, 1));
  check(square(1, 6, 130, 3, 70, 1, 1));
}

}  // namespace

int main() {
  forEachIsa([] { withThreads({1, 2, 8}, checkShapes); });
  return finish();
}
