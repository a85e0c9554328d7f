// The gather is a forward convolution: of dy, with zeros between its pixels where the stride left inputs out, and with the filter turned by
// half a turn. So all rungs of that ladder serve here. At stride s all but one in s x s of the multiply-adds meet an inserted zero.
#include "conv/border.h"
#include "conv/correlate.h"
#include "conv/filter.h"

namespace ab::lab::input_grad {
namespace {

void run(const ConvShape& s, const float* dy, const float* f, float* dx) {
  const int64_t depth = s.kh * s.kw * s.o;
  const float* transposed = transposeFilter(s, f);
  float* packed = scratchFloats(ScratchSlot::convFilter, packedSize(depth, s.c, panelWidth(s.c)));
  packFilter(depth, s.c, panelWidth(s.c), packed, [&](int64_t i) {
    const int64_t tap = s.kh * s.kw - 1 - i / s.o;
    return transposed + (tap * s.o + i % s.o) * s.c;
  });
  const int64_t rows = s.h + s.kh - 1, columns = s.w + s.kw - 1;
  const int64_t top = s.kh - 1 - s.padTop, left = s.kw - 1 - s.padLeft;
  float* spread = scratchFloats(ScratchSlot::convSource, rows * columns * s.o);
  std::fill_n(spread, rows * columns * s.o, 0.0f);
  for (int64_t n = 0; n < s.n; n++) {
    // The zeros stay from image to image.
    for (int64_t oy = 0; oy < s.oh; oy++)
      for (int64_t ox = 0; ox < s.ow; ox++) {
        const int64_t y = top + oy * s.strideH, x = left + ox * s.strideW;
        if (y < 0 || y >= rows || x < 0 || x >= columns) continue;
        std::copy_n(dy + ((n * s.oh + oy) * s.ow + ox) * s.o, s.o, spread + (y * columns + x) * s.o);
      }
    Grid grid;
    grid.window = {spread, s.o, columns * s.o, s.kh, s.kw * s.o, s.kw, packed, dx + n * s.h * s.w * s.c, s.c, 0};
    grid.rows = s.h;
    grid.columns = s.w;
    grid.fromRow = columns * s.o;
    grid.toRow = s.w * s.c;
    grid.channels = s.c;
    grid.neighbours = true;
    correlate(grid, true);
  }
}

// All taps at every input.
void bound(const ConvShape& s, Napkin& napkin) {
  napkin.scalarStores(filterSize(s));
  napkin.then();
  napkin.stores(ySize(s) / W);
  napkin.read(4 * ySize(s), napkin.machine().holding(4 * ySize(s)));
  napkin.then();
  tiledBound({s.n * s.h, s.w, s.kw, s.kh * s.kw * s.o, s.c, true}, napkin);
}

}  // namespace

const Rung<ConvShape> as_forward{"as_forward", "a forward convolution with the filter turned", run, bound};

}  // namespace ab::lab::input_grad
