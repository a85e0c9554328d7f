#include "strided_copy.h"

namespace ab {

StridedCopy normalized(const StridedCopy& copy) {
  StridedCopy r;
  r.toOffset = copy.toOffset;
  r.fromOffset = copy.fromOffset;
  r.input = copy.input;
  for (int i = 0; i < copy.extents.rank; i++) {
    if (copy.extents[i] == 1) continue;
    const int last = r.extents.rank - 1;
    if (last >= 0 && r.to[last] == copy.to[i] * copy.extents[i] && r.from[last] == copy.from[i] * copy.extents[i]) {
      r.extents[last] *= copy.extents[i];
      r.to[last] = copy.to[i];
      r.from[last] = copy.from[i];
    } else {
      r.extents[last + 1] = copy.extents[i];
      r.to[last + 1] = copy.to[i];
      r.from[last + 1] = copy.from[i];
      r.extents.rank = r.to.rank = r.from.rank = last + 2;
    }
  }
  return r;
}

StridedCopy transposeCopy(const Kernel& kernel) {
  const Extents& out = kernel.output.shape;
  const Extents strides = rowMajorStrides(kernel.inputs[0].shape);
  StridedCopy copy{out, rowMajorStrides(out), strides};
  for (int i = 0; i < out.rank; i++) copy.from[i] = strides[static_cast<int>(kernel.params[static_cast<size_t>(i)])];
  return copy;
}

StridedCopy sliceCopy(const Kernel& kernel) {
  const Extents& out = kernel.output.shape;
  StridedCopy copy{out, rowMajorStrides(out), rowMajorStrides(kernel.inputs[0].shape)};
  for (int i = 0; i < out.rank; i++) {
    copy.fromOffset += kernel.params[static_cast<size_t>(i)] * copy.from[i];
    // A step that is never taken may be too long to multiply.
    if (out[i] > 1) copy.from[i] *= kernel.params[static_cast<size_t>(out.rank + i)];
  }
  return copy;
}

StridedCopy padCopy(const Kernel& kernel) {
  const Extents& in = kernel.inputs[0].shape;
  StridedCopy copy{in, rowMajorStrides(kernel.output.shape), rowMajorStrides(in)};
  for (int i = 0; i < in.rank; i++) {
    copy.toOffset += kernel.params[static_cast<size_t>(i)] * copy.to[i];
    if (in[i] > 1) copy.to[i] *= kernel.params[static_cast<size_t>(2 * in.rank + i)] + 1;
  }
  return copy;
}

StridedCopy reverseCopy(const Kernel& kernel) {
  const Extents& out = kernel.output.shape;
  const Extents strides = rowMajorStrides(out);
  StridedCopy copy{out, strides, strides};
  for (const int64_t param : kernel.params) {
    const int axis = static_cast<int>(param);
    if (copy.from[axis] < 0) continue;  // named twice: axes are a set
    copy.fromOffset += (out[axis] - 1) * strides[axis];
    copy.from[axis] = -strides[axis];
  }
  return copy;
}

StridedCopy concatenateCopy(const Kernel& kernel, size_t input, int64_t start) {
  const Extents strides = rowMajorStrides(kernel.output.shape);
  const Extents& shape = kernel.inputs[input].shape;
  StridedCopy copy{shape, strides, rowMajorStrides(shape)};
  copy.input = input;
  copy.toOffset = start * strides[static_cast<int>(kernel.params[0])];
  return copy;
}

}  // namespace ab
