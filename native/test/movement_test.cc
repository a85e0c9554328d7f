// Kernels that move elements, on every dtype, against one element at a time.
#include "tensors.h"

namespace {

using namespace ab;
using namespace ab::test;

constexpr DType kTypes[] = {DType::f32, DType::f64, DType::i32, DType::boolean, DType::u8};

const std::vector<std::vector<int64_t>>& shapes() {
  static const std::vector<std::vector<int64_t>> list = {
      {},        {0},         {1},          {31},         {63, 1},       {2, 3},        {7, 31},           {31, 63},     {32, 33},
      {33, 32},  {0, 5},      {3, 0, 2},    {2, 3, 7},    {31, 2, 3},    {5, 32, 33},   {2, 3, 5, 7},      {3, 1, 4, 33}, {300, 410},
      {9, 70, 3, 40}, {2, 2, 2, 2, 2, 2, 2, 2}, {2, 1, 3, 1, 2, 1, 2, 3}};
  return list;
}

void transposes(DType dtype) {
  for (const std::vector<int64_t>& shape : shapes()) {
    std::vector<int64_t> order;
    for (size_t i = 0; i < shape.size(); i++) order.push_back(static_cast<int64_t>(i));
    // Every order of few axes, some of many.
    for (int k = 0; k < 24; k++) {
      const Tensor x = randomTensor(dtype, shape);
      Extents out = x.shape;
      for (int i = 0; i < out.rank; i++) out[i] = x.shape[static_cast<int>(order[size_t(i)])];
      if (!skipped()) checkKernel(Opcode::transpose, {x}, order, made(dtype, out, [&](const Extents& at) {
                    Extents from = at;
                    for (int i = 0; i < at.rank; i++) from[static_cast<int>(order[size_t(i)])] = at[i];
                    return valueAt(x, from);
                  }));
      if (!std::next_permutation(order.begin(), order.end())) break;
      for (int64_t skip = shape.size() > 4 ? randomBelow(50) : 0; skip > 0; skip--) std::next_permutation(order.begin(), order.end());
    }
  }
}

void slicesAndPads(DType dtype) {
  for (const std::vector<int64_t>& shape : shapes())
    for (int k = 0; k < 8; k++) {
      if (skipped()) continue;
      const Tensor x = randomTensor(dtype, shape);
      const int rank = x.shape.rank;
      std::vector<int64_t> start, stride, low, high, interior;
      Extents part = x.shape, whole = x.shape;
      for (int i = 0; i < rank; i++) {
        const int64_t extent = x.shape[i];
        start.push_back(randomBelow(extent + 1));
        stride.push_back(1 + randomBelow(3));
        part[i] = (extent - start.back() + stride.back() - 1) / stride.back();
        low.push_back(randomBelow(rank > 4 ? 2 : 4));
        high.push_back(randomBelow(rank > 4 ? 2 : 4));
        interior.push_back(randomBelow(rank > 4 ? 2 : 3));
        whole[i] = extent + low.back() + high.back() + std::max<int64_t>(0, extent - 1) * interior.back();
      }
      std::vector<int64_t> params = start;
      params.insert(params.end(), stride.begin(), stride.end());
      checkKernel(Opcode::slice, {x}, params, made(dtype, part, [&](Extents at) {
                    for (int i = 0; i < rank; i++) at[i] = start[size_t(i)] + at[i] * stride[size_t(i)];
                    return valueAt(x, at);
                  }));
      params = low;
      params.insert(params.end(), high.begin(), high.end());
      params.insert(params.end(), interior.begin(), interior.end());
      checkKernel(Opcode::pad, {x}, params, made(dtype, whole, [&](Extents at) {
                    for (int i = 0; i < rank; i++) {
                      const int64_t from = at[i] - low[size_t(i)], step = interior[size_t(i)] + 1;
                      if (from < 0 || from % step != 0 || from / step >= x.shape[i]) return 0.0;
                      at[i] = from / step;
                    }
                    return valueAt(x, at);
                  }));
    }
  // Steps that no one takes may be of any size.
  const Tensor one = randomTensor(dtype, {1, 3});
  const int64_t vast = int64_t{1} << 53;
  checkKernel(Opcode::slice, {one}, {0, 1, vast, 1}, made(dtype, extentsOf({1, 2}), [&](Extents at) {
                at[1]++;
                return valueAt(one, at);
              }));
  checkKernel(Opcode::pad, {one}, {0, 1, 0, 0, vast, 0}, made(dtype, extentsOf({1, 4}), [&](Extents at) {
                return at[1]-- == 0 ? 0.0 : valueAt(one, at);
              }));
}

void concatenations(DType dtype) {
  for (const std::vector<int64_t>& shape : shapes())
    for (int axis = 0; axis < static_cast<int>(shape.size()); axis++)
      for (const int parts : {1, 2, 9}) {
        if ((shape.size() > 4 && parts == 9) || skipped()) continue;
        std::vector<Tensor> inputs;
        std::vector<int64_t> begins{0};
        Extents out = extentsOf(shape);
        for (int i = 0; i < parts; i++) {
          std::vector<int64_t> one = shape;
          one[size_t(axis)] = randomBelow(4);
          inputs.push_back(randomTensor(dtype, one));
          begins.push_back(begins.back() + one[size_t(axis)]);
        }
        out[axis] = begins.back();
        checkKernel(Opcode::concatenate, inputs, {axis}, made(dtype, out, [&](Extents at) {
                      size_t part = 0;
                      while (at[axis] >= begins[part + 1]) part++;
                      at[axis] -= begins[part];
                      return valueAt(inputs[part], at);
                    }));
      }
}

void reversals(DType dtype) {
  for (const std::vector<int64_t>& shape : shapes())
    for (int mask = 0; mask < (1 << std::min<size_t>(shape.size(), 4)); mask++) {
      if (skipped()) continue;
      const Tensor x = randomTensor(dtype, shape);
      std::vector<int64_t> axes;
      for (int i = 0; i < x.shape.rank; i++)
        if (mask >> i & 1) axes.push_back(i);
      if (!axes.empty() && mask % 2 == 0) axes.push_back(axes[0]);  // axes are a set
      checkKernel(Opcode::reverse, {x}, axes, made(dtype, x.shape, [&](Extents at) {
                    for (int i = 0; i < at.rank; i++)
                      if (mask >> i & 1) at[i] = x.shape[i] - 1 - at[i];
                    return valueAt(x, at);
                  }));
    }
}

}  // namespace

int main() {
  withThreads({1, 2, 8}, [] {
    for (const DType dtype : kTypes) {
      transposes(dtype);
      slicesAndPads(dtype);
      concatenations(dtype);
      reversals(dtype);
    }
  });
  return finish();
}
