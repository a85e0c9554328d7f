// Running a whole tape: by the CPU's executor in the library `check`, by CUDA's on the emulated device in `check_cuda`.
#pragma once

#include <cstdint>
#include <vector>

#include "fuzz/tape_input.h"

namespace ab::test {

using Bytes = std::vector<uint8_t>;

// The arrays of the results from those of the inputs. Throws TapeError and what the executor throws.
std::vector<Bytes> runTape(const fuzz::TapeInput& tape, const std::vector<Bytes>& inputs);

}  // namespace ab::test
