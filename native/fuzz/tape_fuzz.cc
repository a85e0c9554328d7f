// The fuzz target: whatever the bytes, a tape is refused with a TapeError or runs within its buffers. `npm run fuzz` builds and runs it.
#include <algorithm>
#include <cstring>

#include "cpu/thread_pool.h"
#include "tape_input.h"

using namespace ab::fuzz;

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t mostSize);

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  // What is run is too small for several threads, and theirs would only make findings harder to repeat.
  ab::ThreadPool::instance().setThreads(1);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tryTape(parse({data, size}));
  return 0;
}

namespace {

size_t store(const TapeInput& input, uint8_t* data, size_t mostSize) {
  const std::vector<uint8_t> bytes = serialize(input);
  if (bytes.size() > mostSize) return 0;
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}

size_t mostWords(const TapeInput& input, size_t mostSize) {
  const size_t taken = 4 + input.literals.size() * 8;
  return mostSize > taken ? (mostSize - taken) / 4 : 0;
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t mostSize, unsigned int seed) {
  Random random(seed);
  // libFuzzer's own changes find what ours do not think of, but seldom get past the header.
  if (random.chance(10)) return LLVMFuzzerMutate(data, size, mostSize);
  TapeInput input = parse({data, size});
  mutate(input, random, mostWords(input, mostSize - std::min<size_t>(mostSize, 32)));
  const size_t stored = store(input, data, mostSize);
  return stored > 0 ? stored : size;
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* a, size_t sizeA, const uint8_t* b, size_t sizeB, uint8_t* out, size_t mostSize,
                                            unsigned int seed) {
  Random random(seed);
  TapeInput input = parse({a, sizeA});
  splice(input, parse({b, sizeB}), random, mostWords(input, mostSize));
  return store(input, out, mostSize);
}
