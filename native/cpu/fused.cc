#include "fused.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "kernels.h"
#include "thread_pool.h"

namespace ab {
namespace {

// A tile gathers the blocks of a chunk before they are folded; not more than this, so that sums stay accurate.
constexpr int64_t kTileBlocks = 64;
// Below this much work (1 us for 16K) a second thread costs more than it brings: one that sleeps, and one that is awake.
constexpr int64_t kWakingWork = 128 * 1024;
constexpr int64_t kAwakeWork = 24 * 1024;

// Numbers the runs of all sweeps, so that a thread knows whether its scratch still holds this run's tiles.
std::atomic<uint64_t> runs{0};
thread_local uint64_t tilesOf = 0;

template <class T>
void fillRun(T* to, int64_t n, const T* from, int64_t stride) {
  if (stride == 1) std::memcpy(to, from, static_cast<size_t>(n) * sizeof(T));
  else if (stride == 0) std::fill_n(to, n, *from);
  else
    for (int64_t i = 0; i < n; i++) to[i] = from[i * stride];
}

// Many runs of one number each, as where a column is read along rows. A short run is written as one of fixed length, which takes no
// loop; what is too much of it the next run overwrites, and the last may use the line that every slot has to spare.
template <class T>
void fillConstantRuns(T* to, int64_t runs, int64_t length, const T* from, int64_t step) {
  constexpr int64_t kFixed = 64 / static_cast<int64_t>(sizeof(T));
  for (int64_t r = 0; r < runs; r++) {
    if (length <= kFixed / 2) std::fill_n(to + r * length, kFixed / 2, from[r * step]);
    else if (length <= kFixed) std::fill_n(to + r * length, kFixed, from[r * step]);
    else std::fill_n(to + r * length, length, from[r * step]);
  }
}

template <class F>
void withWidth(DType dtype, F&& fn) {
  switch (bytesOf(dtype)) {
    case 1: return fn(uint8_t{});
    case 4: return fn(uint32_t{});
    default: return fn(uint64_t{});
  }
}

void fillValue(void* to, int64_t n, DType dtype, double value) {
  withType(dtype, [&](auto zero) {
    using T = decltype(zero);
    // Integer literals are whole numbers of their type; anything else wraps as it would in a typed array.
    const T element = std::is_floating_point_v<T> ? static_cast<T>(value)
                      : dtype == DType::boolean   ? static_cast<T>(value != 0)
                      : value >= -9.2e18 && value <= 9.2e18 ? static_cast<T>(static_cast<int64_t>(value)) : T{0};
    std::fill_n(static_cast<T*>(to), n, element);
  });
}

}  // namespace

// What a thread needs to run chunks: pointers of the current block, and its own scratch memory.
class Sweep::Worker {
 public:
  Worker(const Sweep& sweep, void* const* buffers, std::byte* workspace, uint64_t run)
      : sweep_(sweep), buffers_(buffers), workspace_(workspace) {
    const size_t places = sweep.places_.size();
    // The pointers of the slots and the functions of steps and folds lie before the blocks.
    const size_t table = (places * sizeof(void*) + 63) / 64 * 64;
    auto* const memory = static_cast<std::byte*>(scratch(ScratchSlot::fused, table + static_cast<size_t>(sweep.scratchBytes_)));
    at_ = reinterpret_cast<void**>(memory);
    scratch_ = memory + table;
    for (size_t i = 0; i < places; i++) at_[i] = scratch_ + std::max<int64_t>(0, sweep.places_[i].offset);
    if (tilesOf == run) return;
    for (size_t i = 0; i < places; i++) fillTile(sweep.places_[i], at_[i]);
    tilesOf = run;
  }

  void chunk(int64_t index, const StepFunction* steps, const FoldFunctions* folds) {
    const Sweep& s = sweep_;
    const Chunk chunk = s.chunkAt(index);
    for (size_t f = 0; f < s.folds_.size(); f++) startFold(s.folds_[f], folds[f], index, chunk);
    int64_t gathered = 0;
    for (int64_t row = chunk.begin; row < chunk.end; row += s.blockRows_) {
      const int64_t rows = std::min(s.blockRows_, chunk.end - row);
      const Block block{row, rows, chunk.column, rows * chunk.columns};
      runSteps(block, steps);
      const bool last = row + rows >= chunk.end;
      const bool flush = ++gathered % kTileBlocks == 0 || last;
      for (size_t f = 0; f < s.folds_.size(); f++) fold(s.folds_[f], folds[f], index, chunk, block, flush);
    }
    for (size_t f = 0; f < s.folds_.size(); f++) {
      if (s.folds_[f].exclusive) finishChunk(s.folds_[f], folds[f], index, chunk);
    }
  }

 private:
  void fillTile(const Place& place, void* to) const {
    if (place.source != Source::tile) return;
    const Sweep& s = sweep_;
    if (place.kind == SlotKind::immediate) {
      fillValue(to, place.single ? 1 : s.blockLength_, place.dtype, place.value);
      return;
    }
    if (s.columnBlocks_ > 1 || place.single) {
      withWidth(place.dtype, [&](auto zero) {
        using T = decltype(zero);
        fillRun(static_cast<T*>(to), place.single ? 1 : s.blockLength_, static_cast<const T*>(buffers_[place.buffer]), 0);
      });
      return;
    }
    fillRows(place, to, 0, s.blockRows_);
  }

  // Lays out whole rows of an operand as the steps want to read them.
  void fillRows(const Place& place, void* to, int64_t row, int64_t rows) const {
    const Sweep& s = sweep_;
    const Rows& layout = place.rows;
    withWidth(place.dtype, [&](auto zero) {
      using T = decltype(zero);
      T* out = static_cast<T*>(to);
      const T* const base = static_cast<const T*>(buffers_[place.buffer]);
      const bool fixed = place.source == Source::tile;
      if (layout.runs.size() == 1 && layout.stride == 0 && s.outerRank_ == 1 && !fixed) {
        const int64_t step = layout.outerStrides[0];
        fillConstantRuns(out, rows, layout.length, base + row * step, step);
        return;
      }
      for (int64_t r = 0; r < rows; r++) {
        const T* const from = fixed ? base : base + s.outerOffset(layout.outerStrides, row + r);
        for (const int64_t offset : layout.runs) {
          fillRun(out, layout.length, from + offset, layout.stride);
          out += layout.length;
        }
      }
    });
  }

  void runSteps(const Block& block, const StepFunction* steps) {
    const Sweep& s = sweep_;
    const int64_t start = block.row * s.rowLength_ + block.column;
    for (size_t i = 0; i < s.places_.size(); i++) {
      const Place& place = s.places_[i];
      if (place.source == Source::stream) {
        const int64_t offset = place.plain ? start : s.outerOffset(place.rows.outerStrides, block.row) + block.column;
        at_[i] = static_cast<std::byte*>(buffers_[place.buffer]) + offset * bytesOf(place.dtype);
      } else if (place.source == Source::fill) {
        fillBlock(place, at_[i], block);
      }
    }
    for (size_t i = 0; i < s.steps_.size(); i++) {
      const Step& step = s.steps_[i];
      const auto at = [&](int k) { return step.sources[static_cast<size_t>(k)] < 0 ? nullptr : at_[step.sources[static_cast<size_t>(k)]]; };
      steps[i](block.length, at_[step.target], at(0), at(1), at(2));
    }
  }

  void fillBlock(const Place& place, void* to, const Block& block) const {
    const Sweep& s = sweep_;
    if (s.columnBlocks_ == 1) {
      fillRows(place, to, block.row, block.rows);
      return;
    }
    const int64_t offset = s.outerOffset(place.rows.outerStrides, block.row) + block.column * place.rows.stride;
    withWidth(place.dtype, [&](auto zero) {
      using T = decltype(zero);
      fillRun(static_cast<T*>(to), block.length, static_cast<const T*>(buffers_[place.buffer]) + offset, place.rows.stride);
    });
  }

  std::byte* partials(const Folding& fold, int64_t index) const {
    return workspace_ + fold.partials + static_cast<size_t>(index * fold.chunkSlots) * 8;
  }

  // All rows of the chunk fold into the same results, so that blocks can be gathered element by element first.
  bool tiled(const Folding& fold, const Chunk& chunk) const {
    if (chunk.end - chunk.begin <= sweep_.blockRows_) return false;
    if (fold.outerKept == 1) return true;
    return fold.ordered && chunk.begin / fold.trailing == (chunk.end - 1) / fold.trailing;
  }

  void startFold(const Folding& fold, const FoldFunctions& with, int64_t index, const Chunk& chunk) const {
    with.startSlots(fold.chunkSlots, partials(fold, index));
    if (tiled(fold, chunk)) with.startTile(sweep_.blockLength_, scratch_ + fold.tileOffset);
  }

  void fold(const Folding& fold, const FoldFunctions& with, int64_t index, const Chunk& chunk, const Block& block, bool flush) const {
    const void* const values = at_[fold.source];
    const int64_t base = fold.ordered ? sweep_.resultOf(fold, chunk.begin) : 0;
    if (!tiled(fold, chunk)) {
      foldRows(fold, with, values, partials(fold, index), block, base);
      return;
    }
    void* const tile = scratch_ + fold.tileOffset;
    with.addTile(block.length, tile, values);
    if (!flush) return;
    // The tile has the rows of a full block; those this chunk never reached hold the identity.
    const Block whole{chunk.begin, std::min(sweep_.blockRows_, chunk.end - chunk.begin), chunk.column, sweep_.blockRows_ * chunk.columns};
    foldRows(fold, with, tile, partials(fold, index), whole, base);
    with.startTile(sweep_.blockLength_, tile);
  }

  // Folds the rows of a block into slots, of which the first is result `base`.
  void foldRows(const Folding& fold, const FoldFunctions& with, const void* values, std::byte* slots, const Block& block,
                int64_t base) const {
    const Rows& layout = fold.rows;
    const bool lanes = layout.stride != 0;
    const auto add = lanes ? with.addLanes : with.addRuns;
    const bool divided = sweep_.columnBlocks_ > 1;
    const int64_t length = divided ? block.length / block.rows : layout.length;
    const int64_t bytes = bytesOf(fold.dtype);
    const auto slot = [&](int64_t row) { return slots + (sweep_.resultOf(fold, row) - base) * fold.width * 8; };
    if (layout.runs.size() == 1 && (fold.outerKept == 1 || (fold.ordered && fold.trailing == 1))) {
      // One result for all rows, or one for each.
      if (fold.outerKept == 1 && !lanes) add(1, length * block.rows, values, slot(block.row), 0);
      else add(block.rows, length, values, slot(block.row), fold.outerKept == 1 ? 0 : fold.width);
      return;
    }
    const auto* at = static_cast<const std::byte*>(values);
    for (int64_t r = 0; r < block.rows; r++) {
      std::byte* const to = slot(block.row + r);
      for (const int64_t offset : layout.runs) {
        add(1, length, at, to + offset * 8, 0);
        at += length * bytes;
      }
    }
  }

  void finishChunk(const Folding& fold, const FoldFunctions& with, int64_t index, const Chunk& chunk) const {
    const int64_t first = sweep_.resultOf(fold, chunk.begin);
    const int64_t count = sweep_.resultOf(fold, chunk.end - 1) - first + 1;
    auto* const out = static_cast<std::byte*>(buffers_[fold.buffer]);
    const std::byte* const slots = partials(fold, index);
    const int64_t bytes = bytesOf(fold.dtype);
    if (sweep_.columnBlocks_ == 1) {
      with.finish(count * fold.width, out + first * fold.width * bytes, slots);
      return;
    }
    for (int64_t i = 0; i < count; i++) {
      with.finish(chunk.columns, out + ((first + i) * fold.rowWidth + chunk.column) * bytes, slots + i * fold.width * 8);
    }
  }

  const Sweep& sweep_;
  void* const* buffers_;
  std::byte* workspace_;
  void** at_;
  std::byte* scratch_;
};

void Sweep::run(void* const* buffers, void* workspace) const {
  if (size_ == 0) {
    for (const Folding& fold : folds_) finishFold(fold, buffers, static_cast<std::byte*>(workspace));
    return;
  }
  // Nothing to do for any element, however many there are.
  if (steps_.empty() && folds_.empty()) return;
  StepFunction steps[512];
  FoldFunctions folds[64];
  for (size_t i = 0; i < steps_.size(); i++) {
    const Step& step = steps_[i];
    const int last = arityOf(step.op) - 1;
    steps[i] = stepFunction(step.op, places_[static_cast<size_t>(step.target)].dtype,
                            places_[static_cast<size_t>(step.sources[static_cast<size_t>(last)])].dtype, singles_[i]);
  }
  for (size_t i = 0; i < folds_.size(); i++) folds[i] = foldFunctions(folds_[i].op, folds_[i].dtype);
  const uint64_t run = runs.fetch_add(1, std::memory_order_relaxed) + 1;
  auto* const space = static_cast<std::byte*>(workspace);
  const int64_t chunks = rowChunks_ * columnBlocks_;
  ThreadPool& pool = ThreadPool::instance();
  const bool alone = chunks == 1 || size_ < kAwakeWork / work_ || (size_ < kWakingWork / work_ && !pool.awake());
  if (alone) {
    Worker worker(*this, buffers, space, run);
    for (int64_t i = 0; i < chunks; i++) worker.chunk(i, steps, folds);
  } else {
    pool.parallelFor(chunks, [&](int64_t i, int) { Worker(*this, buffers, space, run).chunk(i, steps, folds); });
  }
  for (const Folding& fold : folds_) {
    if (!fold.exclusive) finishFold(fold, buffers, space);
  }
}

// Joins the chunks' partial results in their order.
void Sweep::finishFold(const Folding& fold, void* const* buffers, std::byte* workspace) const {
  const FoldFunctions with = foldFunctions(fold.op, fold.dtype);
  std::byte* const total = workspace + fold.total;
  with.startSlots(fold.results, total);
  const int64_t chunks = rowChunks_ * columnBlocks_;
  for (int64_t index = 0; index < chunks; index++) {
    const Chunk chunk = chunkAt(index);
    const std::byte* const partial = workspace + fold.partials + static_cast<size_t>(index * fold.chunkSlots) * 8;
    const int64_t first = fold.ordered ? resultOf(fold, chunk.begin) : 0;
    const int64_t count = fold.ordered ? resultOf(fold, chunk.end - 1) - first + 1 : fold.outerKept;
    const bool lanes = fold.rows.stride != 0;
    if (columnBlocks_ == 1) {
      with.merge(count * fold.width, total + first * fold.width * 8, partial);
    } else {
      for (int64_t i = 0; i < count; i++) {
        const int64_t at = (first + i) * fold.rowWidth + (lanes ? chunk.column : 0);
        with.merge(lanes ? chunk.columns : 1, total + at * 8, partial + i * fold.width * 8);
      }
    }
  }
  with.finish(fold.results, buffers[fold.buffer], total);
}

}  // namespace ab
