// One image of a convolution by the tiles.
#pragma once

#include "conv/border.h"
#include "conv/correlate.h"
#include "conv/filter.h"

namespace ab::lab::forward {

inline void convolveImage(const ConvShape& s, const float* x, const float* packedFilter, float* y, int64_t image, bool threeTaps) {
  const float* bordered = copyCovered(s, x, image);
  const int64_t rowStep = Covered(s).columns * s.c;
  Grid grid;
  grid.window = {bordered, s.strideW * s.c, rowStep, s.kh, s.kw * s.c, s.kw, packedFilter, y + image * s.oh * s.ow * s.o, s.o, 0};
  grid.rows = s.oh;
  grid.columns = s.ow;
  grid.fromRow = s.strideH * rowStep;
  grid.toRow = s.ow * s.o;
  grid.channels = s.o;
  grid.neighbours = s.strideW == 1;
  correlate(grid, threeTaps);
}

inline void imagesBound(const ConvShape& s, Napkin& napkin, bool threeTaps) {
  borderBound(s, napkin);
  tiledBound({s.n * s.oh, s.ow, s.strideW == 1 ? s.kw : 1, s.kh * s.kw * s.c, s.o, threeTaps}, napkin);
}

}  // namespace ab::lab::forward
