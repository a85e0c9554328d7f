// Convolution by minimal filtering (Winograd; Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016): squares of
// 2 x 2 or 4 x 4 outputs of a 3 x 3 filter from 16 or 36 products a channel instead of 36 or 144. Stride 1, no dilation, one group,
// any padding, f32.
//
// What it does to the error is on record in src/compile/convolution.ts.
#pragma once

#include "conv.h"

namespace ab {

// As in conv.h, for the shapes named above and tensors with elements. `algorithm` says which squares.
void winogradForward(const ConvShape& shape, ConvAlgorithm algorithm, const float* x, const float* filter, float* y);
void winogradInputGrad(const ConvShape& shape, ConvAlgorithm algorithm, const float* dy, const float* filter, float* dx);
void winogradFilterGrad(const ConvShape& shape, ConvAlgorithm algorithm, const float* x, const float* dy, float* dfilter);

}  // namespace ab
