// The tile of C that a block computes from the rung `register_tile` on, and what a slice of the factors brings to it.
#pragma once

namespace ab::lab::device {

constexpr int kTile = 128;       // rows and columns
constexpr int kSliceDepth = 8;
constexpr int kTileThreads = 256;
constexpr int kEach = 8;         // rows and columns of C that a thread owns

}  // namespace ab::lab::device
