// Two-dimensional convolution (cross-correlation), its gradient to the input and its gradient to the filter.
#pragma once

#include <cstdint>

namespace ab {

// Activations NHWC, filters HWIO with I = c / groups. Output pixel (oy, ox) reads input rows oy * strideH + ky * dilH - padTop;
// padding at the bottom and the right is whatever oh and ow ask for. Padding may be negative (a crop).
struct ConvShape {
  int64_t n, h, w, c;
  int64_t kh, kw, o;
  int64_t oh, ow;
  int64_t strideH, strideW;
  int64_t padTop, padLeft;
  int64_t dilH, dilW;
  int64_t groups;
};

// As numbered on the tape. All but direct are for float and for the shapes that conv_winograd.h names.
enum class ConvAlgorithm : int32_t { direct, winograd, winograd4, count };

// Each overwrites its output. T is float or double.
template <class T>
void convForward(const ConvShape& shape, const T* x, const T* filter, T* y, ConvAlgorithm algorithm = ConvAlgorithm::direct);
template <class T>
void convInputGrad(const ConvShape& shape, const T* dy, const T* filter, T* dx, ConvAlgorithm algorithm = ConvAlgorithm::direct);
template <class T>
void convFilterGrad(const ConvShape& shape, const T* x, const T* dy, T* dfilter, ConvAlgorithm algorithm = ConvAlgorithm::direct);

}  // namespace ab
