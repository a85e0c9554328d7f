#include "ladder.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string_view>
#include <type_traits>

namespace ab::lab {
namespace {

template <class Shape>
std::vector<const Rung<Shape>*> rungsOf(const std::string& name) {
  std::vector<const Rung<Shape>*> rungs;
  const auto add = [&](const char* ladder, const auto& rung) {
    if constexpr (std::is_same_v<decltype(rung), const Rung<Shape>&>)
      if (name == ladder) rungs.push_back(&rung);
  };
#define RUNG(ladder, shape, name) add(#ladder, ladder::name);
#include "rungs.inc"
#undef RUNG
  return rungs;
}

ConvShape shaped(int64_t n, int64_t h, int64_t w, int64_t c, int64_t kh, int64_t kw, int64_t o, int64_t strideH, int64_t strideW,
                 int64_t padH, int64_t padW) {
  return {n,
          h,
          w,
          c,
          kh,
          kw,
          o,
          (h + 2 * padH - kh) / strideH + 1,
          (w + 2 * padW - kw) / strideW + 1,
          strideH,
          strideW,
          padH,
          padW,
          1,
          1,
          1};
}
ConvShape square(int64_t n, int64_t hw, int64_t c, int64_t k, int64_t o, int64_t stride, int64_t pad) {
  return shaped(n, hw, hw, c, k, k, o, stride, stride, pad, pad);
}

const std::vector<ConvShape>& oddConvs() {
  static const std::vector<ConvShape> shapes = {
      square(1, 1, 1, 1, 1, 1, 0),
      shaped(2, 5, 7, 3, 3, 3, 16, 1, 1, 1, 1),
      shaped(1, 7, 6, 5, 3, 3, 17, 1, 1, 1, 1),
      square(3, 13, 4, 3, 10, 1, 1),
      square(1, 17, 16, 3, 16, 1, 1),    // rows cut into tiles of 9 and 8
      shaped(1, 4, 31, 3, 3, 3, 33, 1, 1, 1, 1),
      square(1, 9, 33, 3, 70, 1, 1),     // several panels of output channels, the last ragged
      square(2, 8, 64, 3, 64, 1, 1),
      square(20, 6, 5, 3, 6, 1, 1),      // more images than tasks
      square(2, 11, 7, 3, 35, 1, 0),     // no border
      square(1, 7, 2, 5, 10, 1, 2),
      shaped(1, 3, 2, 4, 3, 3, 8, 1, 1, 1, 1),  // narrower than the filter
      shaped(2, 9, 8, 4, 3, 3, 33, 2, 2, 1, 1),
      shaped(2, 7, 9, 8, 3, 3, 16, 2, 2, 1, 1),
      square(2, 16, 16, 3, 32, 2, 1),
      square(1, 8, 16, 1, 32, 2, 0),     // stride beyond the filter: whole phases are zero
      square(1, 11, 6, 3, 16, 3, 1),
      square(1, 6, 4, 2, 4, 2, 0),
      shaped(2, 10, 12, 3, 3, 5, 18, 2, 1, 0, 2),
  };
  return shapes;
}

// Calls visit(x, filter, y) with the indices of every multiply-add of a convolution.
template <class F>
void forEachTerm(const ConvShape& s, F&& visit) {
  for (int64_t n = 0; n < s.n; n++)
    for (int64_t oy = 0; oy < s.oh; oy++)
      for (int64_t ox = 0; ox < s.ow; ox++)
        for (int64_t ky = 0; ky < s.kh; ky++)
          for (int64_t kx = 0; kx < s.kw; kx++) {
            const int64_t iy = oy * s.strideH + ky - s.padTop, ix = ox * s.strideW + kx - s.padLeft;
            if (iy < 0 || iy >= s.h || ix < 0 || ix >= s.w) continue;
            for (int64_t c = 0; c < s.c; c++)
              for (int64_t o = 0; o < s.o; o++)
                visit(((n * s.h + iy) * s.w + ix) * s.c + c, ((ky * s.kw + kx) * s.c + c) * s.o + o,
                      ((n * s.oh + oy) * s.ow + ox) * s.o + o);
          }
}

int64_t xSize(const ConvShape& s) { return s.n * s.h * s.w * s.c; }
int64_t filterSize(const ConvShape& s) { return s.kh * s.kw * s.c * s.o; }
int64_t ySize(const ConvShape& s) { return s.n * s.oh * s.ow * s.o; }

// Multiplications with the border count, as everywhere in the field.
double convMultiplyAdds(const ConvShape& s) { return double(ySize(s)) * double(s.kh * s.kw * s.c); }

// A whole number at the front of `text`, then one of `after` or the end.
int64_t readNumber(std::string_view& text, std::string_view after) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const size_t used = static_cast<size_t>(end - text.data());
  if (error != std::errc() || value < 1 || value > 1 << 20) throw std::invalid_argument("expects numbers from 1");
  text.remove_prefix(used);
  if (text.empty()) return value;
  if (after.find(text.front()) == std::string_view::npos) throw std::invalid_argument("expects one of \"" + std::string(after) + "\"");
  text.remove_prefix(1);
  if (text.empty()) throw std::invalid_argument("ends too early");
  return value;
}

}  // namespace

std::string nameOf(const Gemm& g) {
  if (g.m == g.n && g.n == g.k) return std::to_string(g.m);
  return std::to_string(g.m) + "x" + std::to_string(g.n) + "x" + std::to_string(g.k);
}

std::string nameOf(const ConvShape& s) {
  const auto text = [](int64_t i) { return std::to_string(i); };
  return text(s.h) + "x" + text(s.w) + "x" + text(s.c) + "-" + text(s.kh) + "x" + text(s.kw) + "-" + text(s.o) +
         (s.strideH == 1 ? "" : "/" + text(s.strideH));
}

Gemm readGemm(const std::string& text) {
  std::string_view rest = text;
  const int64_t m = readNumber(rest, "x");
  if (rest.empty()) return {m, m, m};
  const int64_t n = readNumber(rest, "x"), k = readNumber(rest, "");
  return {m, n, k};
}

ConvShape readConv(const std::string& text, int64_t batch) {
  std::string_view rest = text;
  const int64_t h = readNumber(rest, "x"), w = readNumber(rest, "x"), c = readNumber(rest, "-");
  const int64_t kh = readNumber(rest, "x"), kw = readNumber(rest, "-"), o = readNumber(rest, "/");
  const int64_t stride = rest.empty() ? 1 : readNumber(rest, "");
  const ConvShape s = shaped(batch, h, w, c, kh, kw, o, stride, stride, kh / 2, kw / 2);
  if (s.oh < 1 || s.ow < 1) throw std::invalid_argument("the image is smaller than the filter");
  return s;
}

Ladder<Gemm> gemmLadder() {
  Ladder<Gemm> ladder{};
  ladder.name = "gemm";
  ladder.rungs = rungsOf<Gemm>(ladder.name);
  ladder.checked = {{1, 1, 1},    {3, 5, 7},     {4, 32, 9},    {14, 32, 256},  {15, 33, 257},
                    {31, 64, 65}, {1, 70, 300},  {64, 64, 64},  {129, 40, 513}, {200, 97, 260},
                    {9, 1, 1000}, {40, 2100, 3}, {256, 64, 20}, {28, 31, 512}};
  for (const int64_t n : {64, 256, 512, 1024}) ladder.timed.push_back({n, n, n});
  ladder.sizes = [](const Gemm& g) { return Ladder<Gemm>::Sizes{g.m * g.k, g.k * g.n, g.m * g.n}; };
  ladder.multiplyAdds = [](const Gemm& g) { return double(g.m) * double(g.n) * double(g.k); };
  ladder.reference = [](const Gemm& g, const double* a, const double* b, double* c) {
    std::fill_n(c, g.m * g.n, 0.0);
    for (int64_t i = 0; i < g.m; i++)
      for (int64_t p = 0; p < g.k; p++)
        for (int64_t j = 0; j < g.n; j++) c[i * g.n + j] += a[i * g.k + p] * b[p * g.n + j];
  };
  return ladder;
}

std::vector<Ladder<ConvShape>> convLadders(int64_t batch) {
  Ladder<ConvShape> forward{}, inputGrad{}, filterGrad{};
  forward.name = "forward";
  forward.sizes = [](const ConvShape& s) { return Ladder<ConvShape>::Sizes{xSize(s), filterSize(s), ySize(s)}; };
  forward.reference = [](const ConvShape& s, const double* x, const double* f, double* y) {
    std::fill_n(y, ySize(s), 0.0);
    forEachTerm(s, [&](int64_t atX, int64_t atF, int64_t atY) { y[atY] += x[atX] * f[atF]; });
  };
  inputGrad.name = "input_grad";
  inputGrad.sizes = [](const ConvShape& s) { return Ladder<ConvShape>::Sizes{ySize(s), filterSize(s), xSize(s)}; };
  inputGrad.reference = [](const ConvShape& s, const double* dy, const double* f, double* dx) {
    std::fill_n(dx, xSize(s), 0.0);
    forEachTerm(s, [&](int64_t atX, int64_t atF, int64_t atY) { dx[atX] += dy[atY] * f[atF]; });
  };
  filterGrad.name = "filter_grad";
  filterGrad.sizes = [](const ConvShape& s) { return Ladder<ConvShape>::Sizes{xSize(s), ySize(s), filterSize(s)}; };
  filterGrad.reference = [](const ConvShape& s, const double* x, const double* dy, double* df) {
    std::fill_n(df, filterSize(s), 0.0);
    forEachTerm(s, [&](int64_t atX, int64_t atF, int64_t atY) { df[atF] += x[atX] * dy[atY]; });
  };
  std::vector<Ladder<ConvShape>> ladders = {forward, inputGrad, filterGrad};
  for (Ladder<ConvShape>& ladder : ladders) {
    ladder.rungs = rungsOf<ConvShape>(ladder.name);
    ladder.checked = oddConvs();
    // The layers of a ResNet-32 for 32 x 32 images.
    for (const char* name : {"32x32x3-3x3-16", "32x32x16-3x3-16", "16x16x32-3x3-32", "8x8x64-3x3-64", "32x32x16-3x3-32/2"})
      ladder.timed.push_back(readConv(name, batch));
    ladder.multiplyAdds = convMultiplyAdds;
  }
  return ladders;
}

}  // namespace ab::lab
