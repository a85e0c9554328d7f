// Loops around the tiles: a grid of output pixels, each the same window of a bordered image further along.
#pragma once

#include "counts.h"
#include "cpu/gemm_cut.h"
#include "tap_tile.h"

namespace ab::lab {

constexpr int64_t kPanel = 2 * W;
// A filter of one vector of channels is packed one vector wide.
inline int64_t panelWidth(int64_t channels) { return channels > W ? kPanel : W; }

struct Grid {
  Pixels window;             // of the first pixel, and the filter's panels one after another
  int64_t rows, columns;
  int64_t fromRow, toRow;    // between rows of the grid
  int64_t channels;          // of the output
  bool neighbours;           // taps of a run lie one output pixel apart
};

// `threeTaps`: outputs of one vector take the tile of tap_tile.h where it applies.
inline void correlate(const Grid& g, bool threeTaps) {
  const int64_t width = panelWidth(g.channels), depth = g.window.rows * g.window.run;
  for (int64_t j = 0; j < g.channels; j += width) {
    Pixels t = g.window;
    t.filter += j * depth;
    t.lanes = std::min(width, g.channels - j);
    const bool taps = threeTaps && width == W && g.neighbours && t.taps == kTaps && g.columns >= kTapPixelsLeast;
    const Cut cut = cutEvenly(g.columns, taps ? kTapPixels : kPixels);
    for (int64_t i = 0; i < cut.count; i++) {
      // 17 columns are cut into 9 and 8; on 16 registers 13 into 7 and 6, whose tiles of 8 overlap.
      const int64_t pixels = taps ? std::max<int64_t>(cut.length(i), kTapPixelsLeast) : cut.length(i);
      const int64_t x = std::min(cut.begin(i), g.columns - pixels);
      const PixelTile tile = taps ? tapTileFor(pixels) : pixelTileFor(pixels, width / W);
      for (int64_t y = 0; y < g.rows; y++) {
        t.from = g.window.from + y * g.fromRow + x * g.window.pixelStep;
        t.to = g.window.to + y * g.toRow + x * g.window.toStep + j;
        tile(t);
      }
    }
  }
}

// What these loops need at least: `rows` rows of `columns` pixels, each a window of `depth` numbers, runs of `taps` taps.
struct Tiled {
  int64_t rows, columns, taps, depth, channels;
  bool threeTaps;
};
inline void tiledBound(const Tiled& t, Napkin& napkin) {
  const int64_t width = panelWidth(t.channels) / W;
  const double vectors = double(t.rows * t.columns) * double(t.depth) * double((t.channels + width * W - 1) / (width * W) * width);
  napkin.fmas(vectors);
  if (t.threeTaps && width == 1 && t.taps == kTaps && t.columns >= kTapPixelsLeast) {
    const double pixels = double(cutEvenly(t.columns, kTapPixels).size);
    napkin.loads(vectors / pixels, vectors * (pixels + kTaps - 1) / pixels / kTaps);
  } else {
    napkin.loads(vectors / double(cutEvenly(t.columns, kPixels).size), vectors / double(width));
  }
}

}  // namespace ab::lab
