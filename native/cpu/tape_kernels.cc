// The shape rule of every kernel, as src/ops states it: what passes here stays inside its buffers when it runs.
#include <algorithm>

#include "conv.h"
#include "tape.h"

namespace ab {
namespace {

class Check {
 public:
  explicit Check(const Kernel& kernel) : kernel_(kernel) {}

  void require(bool holds, const char* rule) const {
    if (!holds) throw TapeError(std::string("tape: ") + nameOf(kernel_.op) + ": " + rule);
  }
  void counts(size_t inputs, size_t params) const {
    require(kernel_.inputs.size() == inputs, "has another number of inputs");
    require(kernel_.params.size() == params, "has another number of params");
  }
  const Extents& in(size_t i) const { return kernel_.inputs[i].shape; }
  const Extents& out() const { return kernel_.output.shape; }
  DType type(size_t i) const { return kernel_.inputs[i].dtype; }
  int64_t param(size_t i) const { return kernel_.params[i]; }
  void sameType(size_t i) const { require(type(i) == kernel_.output.dtype, "operands and result must have one dtype"); }
  void numeric(size_t i) const { require(type(i) != DType::boolean, "bool has no arithmetic"); }
  void ranks(int rank) const {
    for (const Operand& input : kernel_.inputs) require(input.shape.rank == rank, "an operand has another rank");
    require(out().rank == rank, "the result has another rank");
  }
  void outputIs(const Extents& expected) const { require(out() == expected, "the result has another shape"); }

  // A window of `span` elements in steps of `stride` over a padded axis.
  int64_t steps(int64_t input, int64_t window, int64_t stride, int64_t low, int64_t high, int64_t dilation) const {
    require(window >= 1 && stride >= 1 && dilation >= 1, "windows, strides and dilation must be at least 1");
    const int64_t span = checkedSum(checkedProduct(window - 1, dilation), 1);
    const int64_t padded = checkedSum(checkedSum(input, low), high);
    return padded < span ? 0 : (padded - span) / stride + 1;
  }

 private:
  const Kernel& kernel_;
};

void checkTranspose(const Check& c) {
  c.counts(1, static_cast<size_t>(c.in(0).rank));
  c.sameType(0);
  c.ranks(c.in(0).rank);
  uint32_t seen = 0;
  for (int i = 0; i < c.out().rank; i++) {
    const int64_t axis = c.param(static_cast<size_t>(i));
    c.require(axis < c.out().rank && !(seen >> axis & 1), "needs a permutation of the axes");
    seen |= 1u << axis;
    c.require(c.out()[i] == c.in(0)[static_cast<int>(axis)], "the result has another shape");
  }
}

void checkSlice(const Check& c) {
  const int rank = c.in(0).rank;
  c.counts(1, static_cast<size_t>(2 * rank));
  c.sameType(0);
  c.ranks(rank);
  for (int i = 0; i < rank; i++) {
    const int64_t stride = c.param(static_cast<size_t>(rank + i));
    c.require(stride >= 1, "strides must be at least 1");
    if (c.out()[i] == 0) continue;
    const int64_t last = checkedSum(c.param(static_cast<size_t>(i)), checkedProduct(c.out()[i] - 1, stride));
    c.require(last < c.in(0)[i], "reads beyond its input");
  }
}

void checkPad(const Check& c) {
  const int rank = c.in(0).rank;
  c.counts(1, static_cast<size_t>(3 * rank));
  c.sameType(0);
  c.ranks(rank);
  for (int i = 0; i < rank; i++) {
    const int64_t extent = c.in(0)[i];
    const int64_t gaps = extent == 0 ? 0 : checkedProduct(extent - 1, c.param(static_cast<size_t>(2 * rank + i)));
    const int64_t sides = checkedSum(c.param(static_cast<size_t>(i)), c.param(static_cast<size_t>(rank + i)));
    c.require(c.out()[i] == checkedSum(checkedSum(extent, gaps), sides), "the result has another shape");
  }
}

void checkConcatenate(const Check& c, const Kernel& kernel) {
  c.require(!kernel.inputs.empty(), "needs at least one part");
  c.counts(kernel.inputs.size(), 1);
  c.ranks(c.out().rank);
  c.require(c.param(0) < c.out().rank, "the axis is out of range");
  int64_t extent = 0;
  for (size_t i = 0; i < kernel.inputs.size(); i++) {
    c.sameType(i);
    for (int axis = 0; axis < c.out().rank; axis++) {
      if (axis == c.param(0)) extent = checkedSum(extent, c.in(i)[axis]);
      else c.require(c.in(i)[axis] == c.out()[axis], "parts may differ along the axis only");
    }
  }
  c.require(extent == c.out()[static_cast<int>(c.param(0))], "the result has another shape");
}

void checkReverse(const Check& c, const Kernel& kernel) {
  c.counts(1, kernel.params.size());
  c.sameType(0);
  for (const int64_t axis : kernel.params) c.require(axis < c.out().rank, "an axis is out of range");
  c.outputIs(c.in(0));
}

void checkArgmax(const Check& c, const Kernel& kernel) {
  c.counts(1, 1);
  c.numeric(0);
  const int64_t axis = c.param(0);
  c.require(axis < c.in(0).rank && kernel.output.dtype == DType::i32, "needs an axis and an i32 result");
  Extents expected;
  for (int i = 0; i < c.in(0).rank; i++)
    if (i != axis) expected[expected.rank++] = c.in(0)[i];
  c.outputIs(expected);
  c.require(expected.size() == 0 || c.in(0)[static_cast<int>(axis)] > 0, "there is no largest of nothing");
}

void checkDot(const Check& c) {
  c.counts(2, 2);
  const int rank = c.in(0).rank;
  c.require(rank >= 2 && c.param(0) <= 1 && c.param(1) <= 1, "needs matrices and two flags");
  c.ranks(rank);
  c.sameType(0);
  c.sameType(1);
  c.numeric(0);
  for (int i = 0; i < rank - 2; i++) {
    c.require(c.in(0)[i] == c.out()[i] && c.in(1)[i] == c.out()[i], "leading axes must agree");
  }
  const int ta = static_cast<int>(c.param(0));
  const int tb = static_cast<int>(c.param(1));
  c.require(c.in(0)[rank - 2 + ta] == c.out()[rank - 2] && c.in(1)[rank - 1 - tb] == c.out()[rank - 1] &&
                c.in(0)[rank - 1 - ta] == c.in(1)[rank - 2 + tb],
            "extents must agree");
}

// x, filter and y stand for whichever operands and result have those roles.
void checkConvolution(const Check& c, const Extents& x, const Extents& filter, const Extents& y) {
  c.counts(2, 10);
  c.ranks(4);
  c.sameType(0);
  c.sameType(1);
  c.numeric(0);
  const int64_t groups = c.param(8);
  c.require(groups >= 1 && checkedProduct(filter[2], groups) == x[3] && y[3] == filter[3] && filter[3] % groups == 0,
            "channels and groups must agree");
  c.require(x[0] == y[0] && y[1] == c.steps(x[1], filter[0], c.param(0), c.param(2), c.param(3), c.param(6)) &&
                y[2] == c.steps(x[2], filter[1], c.param(1), c.param(4), c.param(5), c.param(7)),
            "images must fit the geometry");
  // The kernels copy an image with its padding, where that is wider than the image.
  constexpr int64_t kLargestImage = int64_t{1} << 40;
  const int64_t height = checkedSum(x[1], checkedSum(c.param(2), c.param(3)));
  const int64_t width = checkedSum(x[2], checkedSum(c.param(4), c.param(5)));
  c.require(checkedProduct(checkedProduct(height, width), std::max<int64_t>(1, std::max(x[3], y[3]))) <= kLargestImage,
            "the padded image is too large");
  // Bounds the count of multiply-adds, by which the kernels divide their work.
  checkedProduct(checkedProduct(checkedProduct(filter[0], filter[1]), filter[2]), std::max<int64_t>(1, y.size()));
  const int64_t algorithm = c.param(9);
  c.require(algorithm < static_cast<int64_t>(ConvAlgorithm::count), "there is no such algorithm");
  if (algorithm == static_cast<int64_t>(ConvAlgorithm::direct)) return;
  c.require(c.type(0) == DType::f32 && filter[0] == 3 && filter[1] == 3 && c.param(0) == 1 && c.param(1) == 1 && c.param(6) == 1 &&
                c.param(7) == 1 && groups == 1,
            "Winograd's algorithm is for f32, 3 x 3 filters, stride 1, dilation 1 and one group");
}

void checkWindow(const Check& c, const Extents& x, const Extents& y) {
  c.counts(1, 8);
  c.ranks(4);
  c.numeric(0);
  c.require(c.param(4) < c.param(0) && c.param(5) < c.param(0) && c.param(6) < c.param(1) && c.param(7) < c.param(1),
            "padding must be smaller than the window");
  // Bounds the count of additions, by which the kernels divide their work.
  checkedProduct(checkedProduct(c.param(0), c.param(1)), std::max<int64_t>(1, y.size()));
  c.require(x[0] == y[0] && x[3] == y[3] && y[1] == c.steps(x[1], c.param(0), c.param(2), c.param(4), c.param(5), 1) &&
                y[2] == c.steps(x[2], c.param(1), c.param(3), c.param(6), c.param(7), 1),
            "images must fit the geometry");
}

void checkPlane(const Check& c, bool take) {
  c.counts(2, 0);
  c.ranks(4);
  c.sameType(1);
  c.numeric(1);
  c.require(c.type(0) == DType::i32, "positions must be i32");
  const Extents& image = take ? c.in(1) : c.out();
  const Extents& pooled = take ? c.out() : c.in(1);
  c.require(c.in(0) == pooled && image[0] == pooled[0] && image[3] == pooled[3], "positions and images must agree");
}

void checkRows(const Check& c, bool take) {
  c.counts(2, 0);
  c.sameType(1);
  c.require(c.type(0) == DType::i32, "indices must be i32");
  if (!take) c.numeric(1);
  const Extents& table = take ? c.in(1) : c.out();
  const Extents& rows = take ? c.out() : c.in(1);
  const int lead = c.in(0).rank;
  c.require(table.rank >= 1 && rows.rank == lead + table.rank - 1, "ranks must agree");
  for (int i = 0; i < rows.rank; i++) {
    c.require(rows[i] == (i < lead ? c.in(0)[i] : table[i - lead + 1]), "extents must agree");
  }
}

}  // namespace

void validateKernel(const Kernel& kernel) {
  const Check c(kernel);
  const size_t arity = kernel.inputs.size();
  // Before the rules below look at operands by number.
  const bool binary = kernel.op == Opcode::dot || kernel.op == Opcode::conv2d || kernel.op == Opcode::conv2dInputGrad ||
                      kernel.op == Opcode::conv2dFilterGrad || kernel.op == Opcode::planeTake ||
                      kernel.op == Opcode::planePut || kernel.op == Opcode::takeRows || kernel.op == Opcode::addRows;
  c.require(kernel.op == Opcode::iota ? arity == 0 : arity >= (binary ? 2 : 1), "has another number of inputs");
  switch (kernel.op) {
    case Opcode::transpose: return checkTranspose(c);
    case Opcode::slice: return checkSlice(c);
    case Opcode::pad: return checkPad(c);
    case Opcode::concatenate: return checkConcatenate(c, kernel);
    case Opcode::reverse: return checkReverse(c, kernel);
    case Opcode::iota:
      c.counts(0, 1);
      return c.require(c.param(0) < c.out().rank, "the axis is out of range");
    case Opcode::argmax: return checkArgmax(c, kernel);
    case Opcode::dot: return checkDot(c);
    case Opcode::conv2d: return checkConvolution(c, c.in(0), c.in(1), c.out());
    case Opcode::conv2dInputGrad: return checkConvolution(c, c.out(), c.in(1), c.in(0));
    case Opcode::conv2dFilterGrad: return checkConvolution(c, c.in(0), c.out(), c.in(1));
    case Opcode::windowArgmax:
      c.require(kernel.output.dtype == DType::i32, "positions must be i32");
      return checkWindow(c, c.in(0), c.out());
    case Opcode::windowSum:
      c.sameType(0);
      return checkWindow(c, c.in(0), c.out());
    case Opcode::windowSpread:
      c.sameType(0);
      return checkWindow(c, c.out(), c.in(0));
    case Opcode::planeTake: return checkPlane(c, true);
    case Opcode::planePut: return checkPlane(c, false);
    case Opcode::takeRows: return checkRows(c, true);
    case Opcode::addRows: return checkRows(c, false);
    case Opcode::fused:
    case Opcode::count: break;
  }
  c.require(false, "is no kernel");
}

}  // namespace ab
