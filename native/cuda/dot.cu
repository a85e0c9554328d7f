// Products of matrices, batched and transposed.
#include "cpu/dtypes.h"
#include "lower.h"
#include "matrix.cuh"
#include "product_plan.cuh"

namespace ab::cuda {
namespace {

template <class T, bool alongDepth>
MatrixReader<T, alongDepth> readerOf(const Operand& operand, int lines, int depth) {
  const Extents& shape = operand.shape;
  MatrixReader<T, alongDepth> reader;
  reader.buffer = operand.buffer;
  reader.lines = lines;
  reader.depth = depth;
  reader.stride = shape[shape.rank - 1];
  reader.batchStride = int64_t{lines} * depth;
  reader.aligned = reader.stride % 4 == 0 && reader.batchStride % 4 == 0;
  return reader;
}

template <class F>
void withFlag(bool flag, F&& fn) {
  if (flag) fn(std::true_type{});
  else fn(std::false_type{});
}

}  // namespace

void lowerDot(const Kernel& kernel, Plan& plan) {
  const Operand& a = kernel.inputs[0];
  const Operand& b = kernel.inputs[1];
  const Extents& result = kernel.output.shape;
  const int rank = result.rank;
  const bool transA = kernel.params[0] != 0, transB = kernel.params[1] != 0;
  ProductShape shape;
  shape.rows = static_cast<int>(result[rank - 2]);
  shape.columns = static_cast<int>(result[rank - 1]);
  shape.depth = static_cast<int>(a.shape[transA ? rank - 2 : rank - 1]);
  int64_t batch = 1;
  for (int i = 0; i < rank - 2; i++) batch *= result[i];
  ProductOutput out;
  out.buffer = kernel.output.buffer;
  out.rowStride = shape.columns;
  out.batchStride = int64_t{shape.rows} * shape.columns;
  out.aligned = shape.columns % 4 == 0;
  withType(kernel.output.dtype, [&](auto zero) {
    using T = decltype(zero);
    withFlag(!transA, [&](auto alongA) {
      withFlag(transB, [&](auto alongB) {
        planProduct(plan, shape, batch, readerOf<T, alongA.value>(a, shape.rows, shape.depth),
                    readerOf<T, alongB.value>(b, shape.columns, shape.depth), out);
      });
    });
  });
}

}  // namespace ab::cuda
