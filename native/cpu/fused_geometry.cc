// How a fused instruction is divided: decided once, when the tape is decoded.
#include <algorithm>

#include "fused.h"

namespace ab {
namespace {

// Elements of a block that has something laid out for it, and of any other.
constexpr int64_t kLaidOutBlock = 1024;
constexpr int64_t kLargestBlock = 4096;
// Chunks are at least this much work, so that handing one to a thread is worth it, and there are about this many of them. Those of a fold
// also cost a merge each.
constexpr int64_t kChunkWork = 16 * 1024;
constexpr int64_t kFoldChunkWork = 48 * 1024;
constexpr int64_t kChunks = 64;

constexpr int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

Sweep::Sweep(const Fused& group) : extents_(group.extents), size_(group.extents.size()), isa_(isa()) {
  if (size_ == 0) {
    // No rows to divide, and an axis beside the empty one may be of any length. What is left is the identity of each fold.
    addEmptyFolds(group);
    return;
  }
  work_ = 1 + static_cast<int64_t>(group.folds.size());
  for (const Step& step : group.steps) work_ += workOf(step.op);
  chooseGeometry();
  addFolds(group);
  chooseChunks();
  addPlaces(group);
  addStages(group);
  reserveWorkspace();
}

// A row is as many of the last axes as fit a block together, and a block is several rows. If not even the last axis fits, rows are divided.
void Sweep::chooseGeometry() {
  outerRank_ = extents_.rank;
  while (outerRank_ > 0 && rowLength_ * extents_[outerRank_ - 1] <= kLaidOutBlock) rowLength_ *= extents_[--outerRank_];
  const bool divided = outerRank_ == extents_.rank && extents_.rank > 1;
  if (divided) rowLength_ = extents_[--outerRank_];
  for (int i = 0; i < outerRank_; i++) rows_ *= extents_[i];
  if (divided) {
    columnBlocks_ = ceilDiv(rowLength_, kLaidOutBlock);
    blockColumns_ = std::min(kLaidOutBlock, ceilDiv(ceilDiv(rowLength_, columnBlocks_), kLargestGroup) * kLargestGroup);
    columnBlocks_ = ceilDiv(rowLength_, blockColumns_);
  } else {
    blockColumns_ = rowLength_;
    blockRows_ = std::max<int64_t>(1, std::min(rows_, kLaidOutBlock / std::max<int64_t>(rowLength_, 1)));
  }
  blockLength_ = blockRows_ * blockColumns_;
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
      f.gathered = f.outerKept == 1 || (f.ordered && f.trailing % chunkRows_ == 0);
      slots = checkedSum(slots, checkedProduct(checkedProduct(f.chunkSlots, rowChunks_), columnBlocks_));
    }
    if (slots <= size_ + (1 << 16) || rowChunks_ <= 1) break;
  }
}

// After how many elements what is read at fixed places of a row repeats: a power of two from kLargestGroup up, or 0 if there is none.
int64_t Sweep::period() const {
  if (columnBlocks_ > 1) return 0;
  if (kLargestGroup % rowLength_ == 0) return kLargestGroup;
  return rowLength_ % kLargestGroup == 0 && (rowLength_ & (rowLength_ - 1)) == 0 ? rowLength_ : 0;
}

// Bytes of scratch memory. Places lie one after the other, so that a few of them do not meet in one set of the cache.
int64_t Sweep::reserve(int64_t bytes) {
  const int64_t at = scratchBytes_;
  scratchBytes_ += ceilDiv(bytes, 64) * 64;
  return at;
}

void Sweep::addPlaces(const Fused& group) {
  Extents whole;
  whole.rank = extents_.rank;
  int64_t step = 1;
  for (int i = extents_.rank - 1; i >= 0; i--) {
    whole[i] = step;
    step *= extents_[i];
  }
  // A fold that is not gathered reads a whole block when the chain has run.
  std::vector<bool> kept(group.slots.size(), false);
  for (const Folding& fold : folds_)
    if (!fold.gathered) kept[static_cast<size_t>(fold.source)] = true;
  for (size_t s = 0; s < group.slots.size(); s++) {
    const Slot& slot = group.slots[s];
    Place place;
    place.kind = slot.kind;
    place.dtype = slot.dtype;
    place.buffer = slot.buffer;
    place.value = slot.value;
    const bool divided = columnBlocks_ > 1;
    int64_t repeats = kept[s] ? 0 : kLargestGroup;
    if (slot.kind == SlotKind::immediate) {
      place.source = Source::tile;
      place.single = true;
    } else if (slot.kind == SlotKind::output) {
      place.source = Source::stream;
      place.plain = true;
    } else if (slot.kind == SlotKind::operand) {
      place.rows = rowsOf(slot.strides);
      place.plain = place.single = true;
      bool varies = false;
      for (int i = 0; i < extents_.rank; i++) {
        if (extents_[i] == 1) continue;
        place.plain = place.plain && slot.strides[i] == whole[i];
        place.single = place.single && slot.strides[i] == 0;
        varies = varies || (i < outerRank_ && slot.strides[i] != 0);
      }
      if (place.single) place.source = Source::tile;
      else if (place.plain || (divided && place.rows.stride == 1)) place.source = Source::stream;
      else if (!varies && (!divided || place.rows.stride == 0)) place.source = Source::tile;
      else place.source = Source::fill;
      if (place.source == Source::fill) repeats = 0;
      if (place.source == Source::tile && !place.single && repeats > 0) repeats = period();
    }
    if (place.source == Source::stream) {
      place.tailOffset = reserve(kLargestGroup * bytesOf(slot.dtype));
    } else {
      place.length = repeats > 0 ? repeats : blockLength_;
      place.mask = repeats > 0 ? repeats - 1 : -1;
      place.offset = reserve((place.length + kLargestGroup) * bytesOf(slot.dtype));
    }
    places_.push_back(std::move(place));
  }
  for (const Folding& fold : folds_) addTile(fold);
  bool laidOut = columnBlocks_ > 1;
  for (const Place& place : places_) laidOut = laidOut || (place.source != Source::stream && place.mask < 0);
  if (laidOut) return;
  blockRows_ = std::min(chunkRows_, std::max(blockRows_, kLargestBlock / rowLength_));
  blockLength_ = blockRows_ * rowLength_;
}

void Sweep::addTile(const Folding& fold) {
  Place tile;
  tile.dtype = fold.dtype;
  if (fold.gathered) {
    // Where all elements of a row have one result, it does not matter which of them share a place.
    const bool any = fold.rows.runs.size() == 1 && fold.rows.stride == 0;
    const int64_t repeats = any ? kLargestGroup : period();
    tile.length = repeats > 0 ? repeats : blockLength_;
    tile.mask = repeats > 0 ? repeats - 1 : -1;
    tile.offset = reserve((tile.length + kLargestGroup) * bytesOf(fold.dtype));
    tile.tailOffset = reserve(kLargestGroup * bytesOf(fold.dtype));
  }
  places_.push_back(std::move(tile));
}

void Sweep::addStages(const Fused& group) {
  std::vector<bool> gathered;
  for (const Folding& fold : folds_) gathered.push_back(fold.gathered);
  stages_ = arrange(group, gathered);
  functions_ = functionsOfStages();
  for (size_t i = 0; i < stages_.size(); i++)
    for (size_t k = 0; k < stages_[i].places.size(); k++) {
      const int32_t place = stages_[i].places[k];
      if (place >= 0 && places_[static_cast<size_t>(place)].source == Source::stream) streams_.push_back({i, k, place});
    }
  const auto bytes = static_cast<int64_t>(stages_.size() * sizeof(Link));
  linksOffset_ = reserve(bytes);
  tailOffset_ = reserve(bytes);
}

Sweep::Functions Sweep::functionsOfStages() const {
  Functions functions;
  for (Stage stage : stages_) {
    functions.whole.push_back(stageFunction(stage));
    if (stage.op == StageOp::gather) stage.op = StageOp::store;
    if (stage.op == StageOp::gatherCall) stage.op = StageOp::call;
    functions.tail.push_back(stageFunction(stage));
  }
  return functions;
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
