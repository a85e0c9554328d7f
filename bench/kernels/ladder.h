// The ladders: which rungs, on which shapes, against which reference.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rung.h"

namespace ab::lab {

template <class Shape>
struct Ladder {
  const char* name;
  std::vector<const Rung<Shape>*> rungs;
  std::vector<Shape> checked;  // odd ones: every remainder, every border
  std::vector<Shape> timed;
  // Elements of the first, the second operand and the output.
  struct Sizes {
    int64_t first, second, out;
  };
  Sizes (*sizes)(const Shape&);
  double (*multiplyAdds)(const Shape&);
  // Naive loops in f64; overwrites out.
  void (*reference)(const Shape&, const double* first, const double* second, double* out);
};

Ladder<Gemm> gemmLadder();
// Forward, input gradient, filter gradient; timed at that batch.
std::vector<Ladder<ConvShape>> convLadders(int64_t batch);

// How a shape is written, and read: a product `512` or `31x33x65` (m x n x k), a convolution `32x32x16-3x3-32/2` (image, filter, output
// channels, stride; padded by half the filter). Reading throws std::invalid_argument.
std::string nameOf(const Gemm& shape);
std::string nameOf(const ConvShape& shape);
Gemm readGemm(const std::string& text);
ConvShape readConv(const std::string& text, int64_t batch);

}  // namespace ab::lab
