// What the laboratory prints, and writes.
#pragma once

#include <ostream>
#include <vector>

#include "measure.h"

namespace ab::lab {

void printMachine(const Machine& machine);
// Rows of one ladder and shape.
void printRows(const std::vector<Row>& rows);
// { "machine": {...}, "rows": [ { ladder, shape, rung, idea, threads, ms, fastestMs, slowestMs, samples, gflops, shareOfPeak,
//   peakGflops, bound: { ms, gflops, shareOfPeak, by } } ] }
void writeJson(std::ostream& out, const Machine& machine, const std::vector<Row>& rows);

}  // namespace ab::lab
