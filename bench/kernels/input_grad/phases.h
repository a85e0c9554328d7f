// The input gradient at stride s as s x s dense convolutions. Input rows iy = phase + s * j meet only the taps with (phase + pad - ky)
// divisible by s, and those read output row j + (phase + pad - ky) / s: no zeros between, and no division in a loop.
#pragma once

#include <vector>

#include "conv/border.h"
#include "conv/correlate.h"
#include "conv/filter.h"

namespace ab::lab::input_grad {

// One axis of one phase. Its taps, the last first, read output rows first, first + 1, ... further than j.
struct Axis {
  std::vector<int64_t> taps;
  int64_t first = 0;
};

inline Axis axisOf(int64_t phase, int64_t taps, int64_t stride, int64_t pad) {
  Axis axis;
  for (int64_t tap = taps - 1; tap >= 0; tap--) {
    if ((phase + pad - tap) % stride != 0) continue;
    if (axis.taps.empty()) axis.first = (phase + pad - tap) / stride;
    axis.taps.push_back(tap);
  }
  return axis;
}

class Phases {
 public:
  Phases(const ConvShape& s, const float* f) : s_(s) {
    const float* transposed = transposeFilter(s, f);
    const int64_t width = panelWidth(s.c);
    float* packed = scratchFloats(ScratchSlot::convFilter, packedSize(s.kh * s.kw * s.o, s.c, width));
    for (int64_t py = 0; py < s.strideH; py++) down_.push_back(axisOf(py, s.kh, s.strideH, s.padTop));
    for (int64_t px = 0; px < s.strideW; px++) across_.push_back(axisOf(px, s.kw, s.strideW, s.padLeft));
    for (const Axis& y : down_)
      for (const Axis& x : across_) {
        filters_.push_back(packed);
        const int64_t taps = static_cast<int64_t>(x.taps.size()), depth = static_cast<int64_t>(y.taps.size()) * taps * s.o;
        packFilter(depth, s.c, width, packed, [&](int64_t i) {
          const int64_t ky = y.taps[static_cast<size_t>(i / (taps * s.o))], kx = x.taps[static_cast<size_t>(i / s.o % taps)];
          return transposed + ((ky * s.kw + kx) * s.o + i % s.o) * s.c;
        });
        packed += packedSize(depth, s.c, width);
      }
    cover(down_, s.h, s.strideH, top_, rows_);
    cover(across_, s.w, s.strideW, left_, columns_);
  }

  void image(const float* dy, float* dx, int64_t n) const {
    const ConvShape& s = s_;
    float* bordered = scratchFloats(ScratchSlot::convSource, rows_ * columns_ * s.o);
    copyBordered(dy + n * s.oh * s.ow * s.o, s.oh, s.ow, s.o, top_, left_, rows_, columns_, bordered);
    const int64_t fromRow = columns_ * s.o, toRow = s.strideH * s.w * s.c, toStep = s.strideW * s.c;
    for (int64_t py = 0; py < s.strideH; py++)
      for (int64_t px = 0; px < s.strideW; px++) {
        const Axis &y = down_[static_cast<size_t>(py)], &x = across_[static_cast<size_t>(px)];
        const int64_t taps = static_cast<int64_t>(x.taps.size());
        Grid grid;
        grid.window = {bordered + (y.first - top_) * fromRow + (x.first - left_) * s.o,
                       s.o,
                       fromRow,
                       static_cast<int64_t>(y.taps.size()),
                       taps * s.o,
                       taps,
                       filters_[static_cast<size_t>(py * s.strideW + px)],
                       dx + ((n * s.h + py) * s.w + px) * s.c,
                       toStep,
                       0};
        grid.rows = (s.h - py + s.strideH - 1) / s.strideH;
        grid.columns = (s.w - px + s.strideW - 1) / s.strideW;
        grid.fromRow = fromRow;
        grid.toRow = toRow;
        grid.channels = s.c;
        grid.neighbours = true;
        if (grid.rows > 0 && grid.columns > 0) correlate(grid, true);
      }
  }

 private:
  // The rows of dy that any phase reads.
  static void cover(const std::vector<Axis>& phases, int64_t size, int64_t stride, int64_t& first, int64_t& count) {
    int64_t low = 0, high = 0;
    for (const Axis& axis : phases) {
      low = std::min(low, axis.first);
      high = std::max(high, axis.first + static_cast<int64_t>(axis.taps.size()) - 1);
    }
    first = low;
    count = (size + stride - 1) / stride + high - low;
  }

  const ConvShape& s_;
  std::vector<Axis> down_, across_;
  std::vector<const float*> filters_;  // of each phase
  int64_t top_ = 0, left_ = 0, rows_ = 0, columns_ = 0;
};

inline void phasesBound(const ConvShape& s, Napkin& napkin) {
  napkin.scalarStores(filterSize(s));
  napkin.then();
  napkin.stores(ySize(s) / W);
  napkin.read(4 * ySize(s), napkin.machine().holding(4 * ySize(s)));
  napkin.then();
  // As many multiply-adds as forward.
  tiledBound({s.n * s.oh, s.ow, s.strideW == 1 ? s.kw : 1, s.kh * s.kw * s.o, s.c, true}, napkin);
}

}  // namespace ab::lab::input_grad
