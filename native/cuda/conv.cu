// Convolution and its two gradients as products whose factors are read in place.
#include "conv.cuh"

#include "cpu/dtypes.h"
#include "lower.h"
#include "matrix.cuh"
#include "product_plan.cuh"

namespace ab::cuda {
namespace {

ConvGeometry geometryOf(const Extents& x, const Extents& filter, const Extents& y, const std::vector<int64_t>& params) {
  // A padded image is walked through in numbers of 32 bits.
  if (x[1] + params[2] + params[3] > kMostElements || x[2] + params[4] + params[5] > kMostElements) {
    throw CudaError("cuda: conv2d: an image is padded to " + std::to_string(x[1] + params[2] + params[3]) + " x " +
                    std::to_string(x[2] + params[4] + params[5]) + " pixels; at most " + std::to_string(kMostElements) + " are possible either way");
  }
  ConvGeometry g;
  const auto number = [](int64_t n) { return static_cast<int>(n); };
  g.n = number(x[0]);
  g.h = number(x[1]);
  g.w = number(x[2]);
  g.c = number(x[3]);
  g.kh = number(filter[0]);
  g.kw = number(filter[1]);
  g.o = number(y[3]);
  g.oh = number(y[1]);
  g.ow = number(y[2]);
  // Steps that nothing takes may be as long as they like.
  g.strideH = g.oh > 1 ? number(params[0]) : 1;
  g.strideW = g.ow > 1 ? number(params[1]) : 1;
  g.top = number(params[2]);
  g.left = number(params[4]);
  g.dilH = g.kh > 1 ? number(params[6]) : 1;
  g.dilW = g.kw > 1 ? number(params[7]) : 1;
  g.inputs = number(filter[2]);
  g.outputs = number(y[3] / params[8]);
  const auto divisor = [](int d) { return Divisor(std::max(d, 1)); };
  g.byH = divisor(g.h);
  g.byW = divisor(g.w);
  g.byOh = divisor(g.oh);
  g.byOw = divisor(g.ow);
  g.byKw = divisor(g.kw);
  g.byInputs = divisor(g.inputs);
  g.byOutputs = divisor(g.outputs);
  g.byStrideH = divisor(g.strideH);
  g.byStrideW = divisor(g.strideW);
  return g;
}

bool inFours(int count) { return count % 4 == 0; }

template <class Reader>
Reader readerOf(const Operand& operand, const ConvGeometry& g, bool aligned) {
  Reader reader;
  reader.buffer = operand.buffer;
  reader.g = g;
  reader.aligned = aligned;
  return reader;
}

// Columns of a matrix of which each group has its own.
template <class T>
MatrixReader<T, false> columnsOf(const Operand& operand, int columns, int depth, int stride) {
  MatrixReader<T, false> reader;
  reader.buffer = operand.buffer;
  reader.lines = columns;
  reader.depth = depth;
  reader.stride = stride;
  reader.batchStride = columns;
  reader.aligned = inFours(columns) && inFours(stride);
  return reader;
}

ProductOutput columnsTo(const Operand& operand, int columns, int stride) {
  ProductOutput out;
  out.buffer = operand.buffer;
  out.rowStride = stride;
  out.batchStride = columns;
  out.aligned = inFours(columns) && inFours(stride);
  return out;
}

template <class T>
void forward(const Kernel& kernel, const ConvGeometry& g, int groups, Plan& plan) {
  const ProductShape shape{.rows = g.n * g.oh * g.ow, .columns = g.outputs, .depth = g.kh * g.kw * g.inputs};
  planProduct(plan, shape, groups, readerOf<PatchReader<T>>(kernel.inputs[0], g, inFours(g.inputs) && inFours(g.c)),
              columnsOf<T>(kernel.inputs[1], g.outputs, shape.depth, g.o), columnsTo(kernel.output, g.outputs, g.o));
}

template <class T>
void inputGrad(const Kernel& kernel, const ConvGeometry& g, int groups, Plan& plan) {
  const ProductShape shape{.rows = g.n * g.h * g.w, .columns = g.inputs, .depth = g.kh * g.kw * g.outputs};
  const bool aligned = inFours(g.outputs) && inFours(g.o);
  planProduct(plan, shape, groups, readerOf<SpreadReader<T>>(kernel.inputs[0], g, aligned),
              readerOf<TurnedFilterReader<T>>(kernel.inputs[1], g, aligned), columnsTo(kernel.output, g.inputs, g.c));
}

template <class T>
void filterGrad(const Kernel& kernel, const ConvGeometry& g, int groups, Plan& plan) {
  const ProductShape shape{.rows = g.kh * g.kw * g.inputs, .columns = g.outputs, .depth = g.n * g.oh * g.ow};
  planProduct(plan, shape, groups, readerOf<PatchColumnReader<T>>(kernel.inputs[0], g, inFours(g.inputs) && inFours(g.c)),
              columnsOf<T>(kernel.inputs[1], g.outputs, shape.depth, g.o), columnsTo(kernel.output, g.outputs, g.o));
}

}  // namespace

void lowerConvolution(const Kernel& kernel, Plan& plan) {
  const Extents& first = kernel.inputs[0].shape;
  const Extents& second = kernel.inputs[1].shape;
  const Extents& result = kernel.output.shape;
  const auto groups = static_cast<int>(kernel.params[8]);
  withType(kernel.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    if (kernel.op == Opcode::conv2d) forward<T>(kernel, geometryOf(first, second, result, kernel.params), groups, plan);
    else if (kernel.op == Opcode::conv2dInputGrad) inputGrad<T>(kernel, geometryOf(result, second, first, kernel.params), groups, plan);
    else filterGrad<T>(kernel, geometryOf(first, result, second, kernel.params), groups, plan);
  });
}

}  // namespace ab::cuda
