// Dense matrix products, row-major.
#pragma once

#include <cstdint>

namespace ab {

// C[m,n] = op(A) op(B), plus the old C if accumulate. op(A) is m x k: stored [m,k] with row stride lda, or [k,m] if transA.
// op(B) is k x n: stored [k,n] with row stride ldb, or [n,k] if transB. Matrix i of a batch starts i * stride later; a stride of 0
// shares one operand (strideC must not be 0 unless batch <= 1). C must not overlap A or B.
template <class T>
struct GemmArgs {
  int64_t m = 0, n = 0, k = 0;
  const T* a = nullptr;
  int64_t lda = 0;
  bool transA = false;
  const T* b = nullptr;
  int64_t ldb = 0;
  bool transB = false;
  T* c = nullptr;
  int64_t ldc = 0;
  bool accumulate = false;
  int64_t batch = 1;
  int64_t strideA = 0, strideB = 0, strideC = 0;
};

void gemm(const GemmArgs<float>& args);
void gemm(const GemmArgs<double>& args);

}  // namespace ab
