// How a fused instruction is divided: decided once, when the tape is decoded.
#include <algorithm>

#include "fused.h"

namespace ab {
namespace {

constexpr int64_t kLargestBlock = 1024;
constexpr int64_t kSmallestBlock = 128;
// What the slots of one block may take of the first-level cache.
constexpr int64_t kCacheBytes = 32 * 1024;
// Chunks are at least this much work, so that handing one to a thread is worth it, and there are about this many of them. Those of a fold
// also cost a merge each.
constexpr int64_t kChunkWork = 16 * 1024;
constexpr int64_t kFoldChunkWork = 48 * 1024;
constexpr int64_t kChunks = 64;

constexpr int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

Sweep::Sweep(const Fused& group) : extents_(group.extents), size_(group.extents.size()), steps_(group.steps) {
  if (size_ == 0) {
    // No rows to divide, and an axis beside the empty one may be of any length. What is left is the identity of each fold.
    addEmptyFolds(group);
    return;
  }
  chooseGeometry(group);
  addPlaces(group);
  addFolds(group);
  chooseChunks();
  reserveWorkspace();
}

// A row is as many of the last axes as fit a block together, and a block is several rows. If not even the last axis fits, rows are divided.
void Sweep::chooseGeometry(const Fused& group) {
  const std::vector<bool> single = findSingles(group);
  int64_t bytes = 8;
  for (size_t i = 0; i < group.slots.size(); i++)
    if (!single[i]) bytes += bytesOf(group.slots[i].dtype);
  const int64_t most = std::clamp(kCacheBytes / bytes / 64 * 64, kSmallestBlock, kLargestBlock);
  outerRank_ = extents_.rank;
  while (outerRank_ > 0 && rowLength_ * extents_[outerRank_ - 1] <= most) rowLength_ *= extents_[--outerRank_];
  const bool divided = outerRank_ == extents_.rank && extents_.rank > 1;
  if (divided) rowLength_ = extents_[--outerRank_];
  for (int i = 0; i < outerRank_; i++) rows_ *= extents_[i];
  if (divided) {
    columnBlocks_ = ceilDiv(rowLength_, most);
    blockColumns_ = std::min(most, ceilDiv(ceilDiv(rowLength_, columnBlocks_), 64) * 64);
    columnBlocks_ = ceilDiv(rowLength_, blockColumns_);
  } else {
    blockColumns_ = rowLength_;
    blockRows_ = std::max<int64_t>(1, std::min(rows_, most / std::max<int64_t>(rowLength_, 1)));
  }
  blockLength_ = blockRows_ * blockColumns_;
  work_ = 1 + static_cast<int64_t>(group.folds.size());
  for (const Step& step : steps_) work_ += workOf(step.op);
}

// Slots that hold one number and are read only by steps that take it as such.
std::vector<bool> Sweep::findSingles(const Fused& group) const {
  std::vector<bool> single;
  for (const Slot& slot : group.slots) {
    bool fixed = slot.kind == SlotKind::immediate || slot.kind == SlotKind::operand;
    for (int i = 0; i < slot.strides.rank; i++) fixed = fixed && (slot.strides[i] == 0 || extents_[i] == 1);
    single.push_back(fixed);
  }
  for (const Fold& fold : group.folds) single[static_cast<size_t>(fold.source)] = false;
  // Taking one back may leave another step without any source that varies, or with one that does; so until nothing changes.
  for (bool changed = true; changed;) {
    changed = false;
    for (const Step& step : group.steps) {
      const int arity = arityOf(step.op);
      int bits = 0;
      for (int k = 0; k < arity; k++) bits |= single[static_cast<size_t>(step.sources[static_cast<size_t>(k)])] << k;
      const DType from = group.slots[static_cast<size_t>(step.sources[static_cast<size_t>(arity - 1)])].dtype;
      if (bits == 0 || takesSingle(step.op, from, bits)) continue;
      const int first = (bits & 1) != 0 ? 0 : (bits & 2) != 0 ? 1 : 2;
      single[static_cast<size_t>(step.sources[static_cast<size_t>(first)])] = false;
      changed = true;
    }
  }
  return single;
}

Sweep::Rows Sweep::rowsOf(const Extents& strides) const {
  Rows rows;
  rows.outerStrides.rank = outerRank_;
  for (int i = 0; i < outerRank_; i++) rows.outerStrides[i] = strides[i];
  // Runs: the last axes of a row for as long as they act as one.
  int axis = extents_.rank - 1;
  if (axis >= outerRank_) {
    rows.stride = strides[axis];
    rows.length = extents_[axis];
    for (axis--; axis >= outerRank_ && strides[axis] == rows.stride * rows.length; axis--) rows.length *= extents_[axis];
  }
  rows.runs.push_back(0);
  if (columnBlocks_ > 1) return rows;
  int64_t count = 1;
  for (int i = outerRank_; i <= axis; i++) count *= extents_[i];
  rows.runs.clear();
  for (int64_t n = 0; n < count; n++) {
    int64_t offset = 0;
    int64_t rest = n;
    for (int i = axis; i >= outerRank_; i--) {
      offset += rest % extents_[i] * strides[i];
      rest /= extents_[i];
    }
    rows.runs.push_back(offset);
  }
  return rows;
}

void Sweep::addPlaces(const Fused& group) {
  Extents whole;
  whole.rank = extents_.rank;
  int64_t step = 1;
  for (int i = extents_.rank - 1; i >= 0; i--) {
    whole[i] = step;
    step *= extents_[i];
  }
  const std::vector<bool> single = findSingles(group);
  for (size_t s = 0; s < group.slots.size(); s++) {
    const Slot& slot = group.slots[s];
    Place place;
    place.single = single[s];
    place.kind = slot.kind;
    place.dtype = slot.dtype;
    place.buffer = slot.buffer;
    place.value = slot.value;
    if (slot.kind == SlotKind::immediate) place.source = Source::tile;
    if (slot.kind == SlotKind::output) {
      place.source = Source::stream;
      place.plain = true;
    }
    if (slot.kind == SlotKind::operand) {
      place.rows = rowsOf(slot.strides);
      place.plain = true;
      bool varies = false;
      for (int i = 0; i < extents_.rank; i++) {
        if (extents_[i] == 1) continue;
        place.plain = place.plain && slot.strides[i] == whole[i];
        varies = varies || (i < outerRank_ && slot.strides[i] != 0);
      }
      const bool divided = columnBlocks_ > 1;
      if (place.single) place.source = Source::tile;
      else if (place.plain || (divided && place.rows.stride == 1)) place.source = Source::stream;
      else if (!varies && (!divided || place.rows.stride == 0)) place.source = Source::tile;
      else place.source = Source::fill;
    }
    if (place.source != Source::stream) {
      place.offset = scratchBytes_;
      // One line more than needed, so that blocks of 4096 bytes do not all begin at the same place of a page.
      scratchBytes_ += place.single ? 64 : (blockLength_ * bytesOf(slot.dtype) + 127) / 64 * 64;
    }
    places_.push_back(std::move(place));
  }
  for (const Step& step : steps_) {
    int bits = 0;
    for (int k = 0; k < arityOf(step.op); k++) bits |= single[static_cast<size_t>(step.sources[static_cast<size_t>(k)])] << k;
    singles_.push_back(bits);
  }
}

void Sweep::addFolds(const Fused& group) {
  for (const Fold& fold : group.folds) {
    Folding f;
    f.op = fold.op;
    f.source = fold.source;
    f.buffer = fold.buffer;
    f.dtype = group.slots[static_cast<size_t>(fold.source)].dtype;
    Extents strides;
    strides.rank = extents_.rank;
    for (int i = extents_.rank - 1; i >= 0; i--) {
      if (!(fold.kept >> i & 1)) continue;
      strides[i] = f.results;
      f.results *= extents_[i];
    }
    f.rows = rowsOf(strides);
    for (int i = outerRank_; i < extents_.rank; i++)
      if (fold.kept >> i & 1) f.rowWidth *= extents_[i];
    f.width = columnBlocks_ > 1 && f.rows.stride != 0 ? blockColumns_ : f.rowWidth;
    bool folded = false;
    for (int i = 0; i < outerRank_; i++) {
      if (extents_[i] == 1) continue;
      const bool kept = fold.kept >> i & 1;
      if (kept) {
        f.ordered = f.ordered && !folded;
        f.outerKept *= extents_[i];
      } else {
        folded = true;
        f.trailing *= extents_[i];
      }
    }
    f.tileOffset = scratchBytes_;
    scratchBytes_ += (blockLength_ * bytesOf(f.dtype) + 127) / 64 * 64;
    folds_.push_back(std::move(f));
  }
}

void Sweep::addEmptyFolds(const Fused& group) {
  for (const Fold& fold : group.folds) {
    Folding f;
    f.op = fold.op;
    f.buffer = fold.buffer;
    f.dtype = group.slots[static_cast<size_t>(fold.source)].dtype;
    for (int i = 0; i < extents_.rank; i++)
      if (fold.kept >> i & 1) f.results *= extents_[i];
    folds_.push_back(std::move(f));
  }
  rowChunks_ = 0;
  reserveWorkspace();
}

void Sweep::chooseChunks() {
  const int64_t blocks = ceilDiv(rows_, blockRows_);
  const int64_t worthwhile = folds_.empty() ? kChunkWork : kFoldChunkWork;
  const int64_t least = std::max<int64_t>(1, worthwhile / std::max<int64_t>(1, work_ * blockLength_));
  int64_t chunkBlocks = std::max(least, ceilDiv(blocks * columnBlocks_, kChunks));
  chunkBlocks = std::clamp<int64_t>(chunkBlocks, 1, std::max<int64_t>(blocks, 1));
  // Where the partial results of every chunk would outweigh the data, there are fewer chunks.
  for (;; chunkBlocks *= 2) {
    chunkRows_ = std::min(rows_, chunkBlocks * blockRows_);
    rowChunks_ = chunkRows_ > 0 ? ceilDiv(rows_, chunkRows_) : 0;
    int64_t slots = 0;
    for (Folding& f : folds_) {
      const int64_t span = f.ordered ? std::min(f.outerKept, (chunkRows_ - 1) / f.trailing + 2) : f.outerKept;
      f.chunkSlots = std::max<int64_t>(0, span * f.width);
      const bool whole = f.ordered && (f.outerKept > 1 || rowChunks_ == 1) && (chunkRows_ % f.trailing == 0 || rowChunks_ == 1);
      f.exclusive = whole && (columnBlocks_ == 1 || f.rows.stride != 0);
      slots = checkedSum(slots, checkedProduct(checkedProduct(f.chunkSlots, rowChunks_), columnBlocks_));
    }
    if (slots <= size_ + (1 << 16) || rowChunks_ <= 1) break;
  }
}

void Sweep::reserveWorkspace() {
  const auto take = [this](int64_t slots) {
    const size_t at = workspaceBytes_;
    workspaceBytes_ += (static_cast<size_t>(slots) * 8 + 63) / 64 * 64;
    return at;
  };
  for (Folding& f : folds_) {
    f.partials = take(f.chunkSlots * rowChunks_ * columnBlocks_);
    f.total = take(f.exclusive ? 0 : f.results);
  }
}

Sweep::Chunk Sweep::chunkAt(int64_t index) const {
  const int64_t begin = index / columnBlocks_ * chunkRows_;
  const int64_t column = index % columnBlocks_ * blockColumns_;
  return {begin, std::min(rows_, begin + chunkRows_), column, std::min(blockColumns_, rowLength_ - column)};
}

int64_t Sweep::outerOffset(const Extents& strides, int64_t row) const {
  if (outerRank_ == 1) return row * strides[0];
  int64_t offset = 0;
  for (int i = outerRank_ - 1; i >= 0; i--) {
    offset += row % extents_[i] * strides[i];
    row /= extents_[i];
  }
  return offset;
}

// Which of the results that differ in the outer position a row belongs to.
int64_t Sweep::resultOf(const Folding& fold, int64_t row) const {
  if (fold.outerKept == 1) return 0;
  if (fold.ordered) return row / fold.trailing;
  return outerOffset(fold.rows.outerStrides, row) / fold.rowWidth;
}

}  // namespace ab
