// Memory that a thread keeps for itself between uses.
#pragma once

#include <cstddef>

namespace ab {

// Names the users of scratch memory, so that callers which nest never share a block.
enum class ScratchSlot {
  gemmA,
  gemmB,
  gemmPartial,
  convSource,
  convGradient,
  convFilter,
  convPartial,
  convPoints,
  convTurned,
  fused,
  reduce,
  movement,
  executor,
  count
};

// A block of at least `bytes` bytes, 64-byte aligned, that belongs to the calling thread and keeps its contents until the same
// thread asks for the same slot again with a larger size. Owned by the thread rather than by a worker index, because loops that run
// inline on two Node threads are both worker 0. Throws std::bad_alloc.
void* scratch(ScratchSlot slot, size_t bytes);

}  // namespace ab
