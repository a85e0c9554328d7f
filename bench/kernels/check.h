// Every rung of a ladder against the naive loops in f64, on numbers so small that each sum is exact: results must be equal, not close.
// Operands and output lie at a page that must not be touched, in turn by their last and by their first element.
#pragma once

#include <string>

#include "../../native/test/check.h"
#include "ladder.h"

namespace ab::lab {

template <class Shape>
bool checkRung(const Ladder<Shape>& ladder, const Rung<Shape>& rung, const Shape& shape) {
  const auto sizes = ladder.sizes(shape);
  const std::vector<float> first = test::smallIntegers<float>(sizes.first), second = test::smallIntegers<float>(sizes.second);
  std::vector<double> exact(static_cast<size_t>(sizes.out));
  ladder.reference(shape, std::vector<double>(first.begin(), first.end()).data(),
                   std::vector<double>(second.begin(), second.end()).data(), exact.data());
  const std::vector<float> want(exact.begin(), exact.end());
  bool right = true;
  for (const test::Edge edge : test::kEdges) {
    const test::Guarded<float> a(first, edge), b(second, edge), out(std::vector<float>(want.size(), 77.0f), edge);
    rung.run(shape, a.get(), b.get(), out.get());
    const bool equal = out == want && a == first && b == second;
    test::expect(equal, [&] { return std::string(ladder.name) + " " + rung.name + " " + nameOf(shape) + ": not the sum it should be"; });
    right = right && equal;
  }
  return right;
}

// All shapes; a rung with threads on 1 and on 3 of them.
template <class Shape>
bool checkRung(const Ladder<Shape>& ladder, const Rung<Shape>& rung) {
  bool right = true;
  test::withThreads({1, 3}, [&] {
    if (!rung.threaded && ThreadPool::instance().threads() > 1) return;
    for (const Shape& shape : ladder.checked) right = checkRung(ladder, rung, shape) && right;
  });
  return right;
}

}  // namespace ab::lab
