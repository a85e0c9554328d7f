#include "scratch.h"

#include <algorithm>
#include <array>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace ab {
namespace {

struct ScratchBlock {
  void* memory = nullptr;
  size_t bytes = 0;

  void resize(size_t wanted) {
    ::operator delete(memory, std::align_val_t{alignment()});
    memory = nullptr;
    bytes = 0;
    memory = ::operator new(wanted, std::align_val_t{alignmentFor(wanted)});
    bytes = wanted;
#if defined(__linux__)
    if (alignment() == kHugePage) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  }
  ~ScratchBlock() { ::operator delete(memory, std::align_val_t{alignment()}); }

  // Large blocks on huge pages: the packed panels of a matrix product then need a handful of address translations. 1 % at 1024.
  static constexpr size_t kHugePage = size_t{2} << 20;
  static size_t alignmentFor(size_t bytes) { return bytes >= kHugePage ? kHugePage : 64; }
  size_t alignment() const { return alignmentFor(bytes); }
};

thread_local std::array<ScratchBlock, static_cast<size_t>(ScratchSlot::count)> blocks;

}  // namespace

void* scratch(ScratchSlot slot, size_t bytes) {
  ScratchBlock& block = blocks[static_cast<size_t>(slot)];
  if (block.bytes < bytes || block.memory == nullptr) {
    const size_t wanted = std::max({bytes, block.bytes + block.bytes / 2, size_t{4096}});
    const size_t unit = wanted >= ScratchBlock::kHugePage ? ScratchBlock::kHugePage : 4096;
    block.resize((wanted + unit - 1) / unit * unit);
  }
  return block.memory;
}

}  // namespace ab
