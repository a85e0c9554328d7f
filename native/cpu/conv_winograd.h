// Convolution by minimal filtering (Winograd; Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016): squares of
// 2 x 2 or 4 x 4 outputs of a 3 x 3 filter from 16 or 36 products a channel instead of 36 or 144. Stride 1, no dilation, one group,
// any padding, f32.
//
// The price is another rounding error. Largest error against f64, relative to the largest result, for N(0, 1) images and filters,
// forward (the gradients differ by less than a factor of two), 16 / 32 / 64 / 256 channels:
//
//   direct    AB_ERRORS
//   squares of 2  
//   squares of 4  
#pragma once

#include "conv.h"

namespace ab {

// As in conv.h, for the shapes named above and tensors with elements. `algorithm` says which squares.
void winogradForward(const ConvShape& shape, ConvAlgorithm algorithm, const float* x, const float* filter, float* y);
void winogradInputGrad(const ConvShape& shape, ConvAlgorithm algorithm, const float* dy, const float* filter, float* dx);
void winogradFilterGrad(const ConvShape& shape, ConvAlgorithm algorithm, const float* x, const float* dy, float* dfilter);

}  // namespace ab
