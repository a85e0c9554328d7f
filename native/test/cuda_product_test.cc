// CUDA's products and convolutions, emulated: every tile on sizes that no tile divides, against loops in f64; the same bits in every order of
// threads.
#include <span>

#include "conv_shapes.h"
#include "cuda/matrix.cuh"
#include "cuda/product_plan.cuh"
#include "emulated_plan.h"
#include "tensors.h"

namespace {

using namespace ab;
using namespace ab::test;
using cuda::MatrixReader;

constexpr uint64_t kOrders[] = {1, 2, 3};

struct Size {
  int64_t rows, columns, depth;
};
// One over and one under each tile, depths that are split and not, lines that come in fours and do not.
constexpr Size kSizes[] = {{1, 1, 1}, {3, 5, 7}, {31, 33, 16}, {33, 31, 17}, {64, 64, 32}, {65, 66, 40}, {130, 129, 37}, {5, 12, 521}, {20, 8, 775}, {2, 2, 0}};
// A tile is computed whole, however little of it is used: those of many tiles or of a depth that is split take most of the time.
constexpr bool isLarge(const Size& s) { return s.rows > 60 || s.depth > 500; }

// Runs in several orders of threads; `result`, which the plan writes, must be the same bits.
template <class T>
void inEveryOrder(EmulatedBuffers& buffers, const cuda::Plan& plan, const std::vector<T>& result, const std::string& what,
                  std::span<const uint64_t> orders = kOrders) {
  std::vector<T> first;
  for (const uint64_t order : orders) {
    simt::options().seed = order;
    buffers.run(plan);
    if (first.empty()) first = result;
    expect(std::memcmp(first.data(), result.data(), result.size() * sizeof(T)) == 0, what + ": the order of threads changes the result");
  }
}

template <class T, class Tile, bool alongA, bool alongB>
void product(const Size& s, const char* tile) {
  constexpr int64_t kBatch = 2;
  std::vector<T> a = smallIntegers<T>(kBatch * s.rows * s.depth), b = smallIntegers<T>(kBatch * s.columns * s.depth);
  std::vector<T> c(static_cast<size_t>(kBatch * s.rows * s.columns), T(77));
  EmulatedBuffers buffers;
  const auto bytes = [](const std::vector<T>& v) { return static_cast<int64_t>(v.size() * sizeof(T)); };
  MatrixReader<T, alongA> left;
  left.buffer = buffers.add(a.data(), bytes(a));
  left.lines = static_cast<int>(s.rows);
  left.depth = static_cast<int>(s.depth);
  left.stride = alongA ? s.depth : s.rows;
  left.batchStride = s.rows * s.depth;
  left.aligned = left.stride % 4 == 0 && left.batchStride % 4 == 0;
  MatrixReader<T, alongB> right;
  right.buffer = buffers.add(b.data(), bytes(b));
  right.lines = static_cast<int>(s.columns);
  right.depth = static_cast<int>(s.depth);
  right.stride = alongB ? s.depth : s.columns;
  right.batchStride = s.columns * s.depth;
  right.aligned = right.stride % 4 == 0 && right.batchStride % 4 == 0;
  cuda::ProductOutput out;
  out.buffer = buffers.add(c.data(), bytes(c));
  out.rowStride = static_cast<int>(s.columns);
  out.batchStride = s.rows * s.columns;
  out.aligned = s.columns % 4 == 0;
  const cuda::ProductShape shape{.rows = left.lines, .columns = right.lines, .depth = left.depth};
  const std::string what = std::string(tile) + " " + typeName<T>() + (alongA ? "" : " A turned") + (alongB ? " B turned" : "") + " " +
                           std::to_string(s.rows) + " x " + std::to_string(s.columns) + " x " + std::to_string(s.depth);
  cuda::Plan plan(buffers.count());
  cuda::planTiles<Tile>(plan, shape, kBatch, left, right, out);
  // Where sums are rounded, another order of additions shows.
  const auto replace = [](std::vector<T>& v, const std::vector<T>& by) { std::copy(by.begin(), by.end(), v.begin()); };
  const std::vector<T> wholeA = a, wholeB = b;
  replace(a, fractions<T>(static_cast<int64_t>(a.size())));
  replace(b, fractions<T>(static_cast<int64_t>(b.size())));
  inEveryOrder(buffers, plan, c, what, std::span(kOrders).first(isLarge(s) ? 2 : 3));
  replace(a, wholeA);
  replace(b, wholeB);
  buffers.run(plan);
  bool exact = true;
  for (int64_t m = 0; m < kBatch; m++)
    for (int64_t i = 0; i < s.rows; i++)
      for (int64_t j = 0; j < s.columns; j++) {
        double sum = 0;
        for (int64_t k = 0; k < s.depth; k++) {
          const T x = a[static_cast<size_t>(m * left.batchStride + (alongA ? i * s.depth + k : k * s.rows + i))];
          const T y = b[static_cast<size_t>(m * right.batchStride + (alongB ? j * s.depth + k : k * s.columns + j))];
          sum += static_cast<double>(x) * static_cast<double>(y);
        }
        exact = exact && static_cast<double>(c[static_cast<size_t>((m * s.rows + i) * s.columns + j)]) == sum;
      }
  expect(exact, what);
}

template <class T, class Tile>
void tile(const char* name) {
  for (const Size& s : kSizes) {
    product<T, Tile, true, false>(s, name);
    product<T, Tile, false, true>(s, name);
    if (isLarge(s)) continue;
    product<T, Tile, true, true>(s, name);
    product<T, Tile, false, false>(s, name);
  }
}

// A kernel of the tape on fractions, in every order; within what the depth of its sums allows.
template <class T>
void convolution(Opcode op, const ConvShape& s, const std::vector<T>& first, const std::vector<T>& second, const std::vector<double>& want,
                 double depth) {
  Kernel kernel;
  kernel.op = op;
  kernel.params = {s.strideH, s.strideW, s.padTop, 0, s.padLeft, 0, s.dilH, s.dilW, s.groups, 0};
  // What lies below and at the right follows from the sizes.
  kernel.params[3] = std::max<int64_t>(0, (s.oh - 1) * s.strideH + (s.kh - 1) * s.dilH + 1 - s.h - s.padTop);
  kernel.params[5] = std::max<int64_t>(0, (s.ow - 1) * s.strideW + (s.kw - 1) * s.dilW + 1 - s.w - s.padLeft);
  const DType dtype = sizeof(T) == 4 ? DType::f32 : DType::f64;
  const Operand x{0, dtype, extentsOf({s.n, s.h, s.w, s.c})};
  const Operand filter{0, dtype, extentsOf({s.kh, s.kw, s.c / s.groups, s.o})};
  const Operand y{0, dtype, extentsOf({s.n, s.oh, s.ow, s.o})};
  kernel.inputs = {op == Opcode::conv2dInputGrad ? y : x, op == Opcode::conv2dFilterGrad ? y : filter};
  kernel.output = op == Opcode::conv2d ? y : op == Opcode::conv2dInputGrad ? x : filter;
  validateKernel(kernel);
  std::vector<T> a = first, b = second, result(want.size(), T(77));
  EmulatedBuffers buffers;
  const auto bytes = [](const std::vector<T>& v) { return static_cast<int64_t>(v.size() * sizeof(T)); };
  kernel.inputs[0].buffer = buffers.add(a.data(), bytes(a));
  kernel.inputs[1].buffer = buffers.add(b.data(), bytes(b));
  kernel.output.buffer = buffers.add(result.data(), bytes(result));
  cuda::Plan plan(buffers.count());
  cuda::lower(kernel, plan);
  const std::string what = describe(nameOf(op), s, typeName<T>());
  inEveryOrder(buffers, plan, result, what);
  double worst = 0;
  for (size_t i = 0; i < want.size(); i++) worst = std::max(worst, std::abs(static_cast<double>(result[i]) - want[i]));
  // Terms are below 1: half a unit in the last place of the largest partial sum, for each addition.
  expect(worst <= depth * depth * std::numeric_limits<T>::epsilon() / 2, what);
}

template <class T>
void convolutions(const ConvShape& s) {
  const auto x = fractions<T>(s.n * s.h * s.w * s.c), filter = fractions<T>(s.kh * s.kw * (s.c / s.groups) * s.o),
             dy = fractions<T>(s.n * s.oh * s.ow * s.o);
  const auto wide = [](const std::vector<T>& v) { return std::vector<double>(v.begin(), v.end()); };
  std::vector<double> y(dy.size()), dx(x.size()), df(filter.size());
  naive(s, wide(x).data(), wide(filter).data(), wide(dy).data(), y.data(), dx.data(), df.data());
  const auto taps = static_cast<double>(s.kh * s.kw);
  convolution<T>(Opcode::conv2d, s, x, filter, y, taps * static_cast<double>(s.c / s.groups));
  convolution<T>(Opcode::conv2dInputGrad, s, dy, filter, dx, taps * static_cast<double>(s.o / s.groups));
  convolution<T>(Opcode::conv2dFilterGrad, s, x, dy, df, static_cast<double>(s.n * s.oh * s.ow));
}

template <class T>
void everyConvolution() {
  convolutions<T>(square(2, 7, 3, 3, 5, 1, 1));
  convolutions<T>(square(1, 9, 4, 3, 8, 2, 1));             // channels in fours, gaps of a stride
  convolutions<T>(square(3, 6, 8, 1, 12, 1, 0));            // one tap
  convolutions<T>(square(2, 8, 12, 3, 8, 1, 2, 2));         // dilated
  convolutions<T>(square(1, 8, 8, 3, 16, 3, 1, 1, 2));      // groups of four channels
  convolutions<T>(square(2, 5, 6, 3, 6, 1, 1, 1, 6));       // one channel a group
  convolutions<T>(shaped(2, 7, 5, 2, 4, 3, 2, {1, 2, 0, 3}));
  convolutions<T>(square(6, 12, 4, 3, 4, 1, 1));            // pixels enough to split the filter's gradient
}

}  // namespace

int main() {
  tile<float, cuda::LargeTile>("128 x 128");
  tile<float, cuda::TallTile>("128 x 32");
  tile<float, cuda::MiddleTile>("64 x 64");
  tile<float, cuda::SmallTile>("32 x 32");
  tile<double, cuda::MiddleTile>("64 x 64");
  tile<double, cuda::SmallTile>("32 x 32");
  everyConvolution<float>();
  everyConvolution<double>();
  return finish();
}
