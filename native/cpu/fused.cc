#include "fused.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>

#include "kernels.h"
#include "scratch.h"
#include "thread_pool.h"

namespace ab {
namespace {

// A tile gathers so many elements in one place before they are folded, not more, so that sums stay accurate.
constexpr int64_t kGathered = 64;
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
// loop; what is too much of it the next run overwrites, and the last may use the room that every place has to spare.
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

// What a thread needs to run chunks: the links of the chain, and what places have in its own scratch memory.
class Sweep::Worker {
 public:
  Worker(const Sweep& sweep, void* const* buffers, std::byte* workspace, const Functions& functions, const FoldFunctions* folds, uint64_t run)
      : sweep_(sweep), buffers_(buffers), workspace_(workspace), folds_(folds), group_(groupLength()) {
    // Where places are lies before the places themselves.
    const size_t table = (sweep.places_.size() * sizeof(std::byte*) + 63) / 64 * 64;
    auto* const memory = static_cast<std::byte*>(scratch(ScratchSlot::fused, table + static_cast<size_t>(sweep.scratchBytes_)));
    at_ = reinterpret_cast<std::byte**>(memory);
    scratch_ = memory + table;
    links_ = reinterpret_cast<Link*>(scratch_ + sweep.linksOffset_);
    tail_ = reinterpret_cast<Link*>(scratch_ + sweep.tailOffset_);
    if (tilesOf == run) return;
    for (size_t i = 0; i < sweep.places_.size(); i++) {
      const Place& place = sweep.places_[i];
      at_[i] = place.source == Source::stream ? nullptr : scratch_ + place.offset;
      if (place.source == Source::tile) fillTile(place, at_[i]);
    }
    for (size_t i = 0; i < sweep.stages_.size(); i++) {
      new (&links_[i]) Link(linkOf(sweep.stages_[i], functions.whole[i]));
      new (&tail_[i]) Link(linkOf(sweep.stages_[i], functions.tail[i]));
    }
    tilesOf = run;
  }

  void chunk(int64_t index) {
    const Sweep& s = sweep_;
    const Chunk chunk = s.chunkAt(index);
    for (size_t f = 0; f < s.folds_.size(); f++) {
      folds_[f].startSlots(s.folds_[f].chunkSlots, partials(s.folds_[f], index));
      if (s.folds_[f].gathered) folds_[f].startTile(tileOf(f).length, at_[tileIndex(f)]);
    }
    int64_t blocks = 0;
    for (int64_t row = chunk.begin; row < chunk.end; row += s.blockRows_, blocks++) {
      const int64_t rows = std::min(s.blockRows_, chunk.end - row);
      const Block block{row, rows, chunk.column, rows * chunk.columns};
      layOut(block);
      runSteps(block.length);
      for (size_t f = 0; f < s.folds_.size(); f++) {
        const Folding& fold = s.folds_[f];
        if (!fold.gathered) {
          foldRows(fold, folds_[f], at_[fold.source], partials(fold, index), block, fold.ordered ? s.resultOf(fold, chunk.begin) : 0);
          continue;
        }
        // Of each place of the tile.
        const int64_t additions = s.blockLength_ / tileOf(f).length;
        const bool full = (blocks + 1) * additions % kGathered < additions;
        if (full || row + rows >= chunk.end) foldTile(f, partials(fold, index), chunk.columns);
      }
    }
    for (size_t f = 0; f < s.folds_.size(); f++) {
      if (s.folds_[f].exclusive) finishChunk(s.folds_[f], folds_[f], index, chunk);
    }
  }

 private:
  Link linkOf(const Stage& stage, StageFunction function) const {
    Link link;
    link.run = function;
    for (size_t k = 0; k < stage.places.size(); k++) {
      if (stage.places[k] < 0) continue;
      const auto p = static_cast<size_t>(stage.places[k]);
      link.at[k] = {at_[p], sweep_.places_[p].mask};
      link.bytes[k] = static_cast<uint8_t>(bytesOf(sweep_.places_[p].dtype));
    }
    if (stage.op == StageOp::call) link.step = stepFunction(stage.step, stage.to, stage.from);
    if (stage.op == StageOp::gatherCall) {
      // An incomplete group is copied first.
      link.step = stepFunction(StepOp::copy, stage.from, stage.from);
      link.addTile = foldFunctions(stage.fold, stage.from).addTile;
    }
    return link;
  }

  void fillTile(const Place& place, void* to) const {
    const Sweep& s = sweep_;
    if (place.kind == SlotKind::immediate) {
      fillValue(to, place.length, place.dtype, place.value);
    } else if (s.columnBlocks_ > 1 || place.single) {
      withWidth(place.dtype, [&](auto zero) {
        using T = decltype(zero);
        fillRun(static_cast<T*>(to), place.length, static_cast<const T*>(buffers_[place.buffer]), 0);
      });
    } else {
      fillRows(place, to, 0, place.length / s.rowLength_);
    }
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

  // Finds or lays out what the chain reads and writes in this block.
  void layOut(const Block& block) {
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
    for (const Stream& stream : s.streams_) links_[stream.link].at[stream.at].base = at_[stream.place];
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

  void runSteps(int64_t length) {
    const int64_t whole = length / group_ * group_;
    if (whole > 0) runChain(links_, whole);
    if (whole < length) runTail(whole, length - whole);
  }

  // Fewer elements than a group: with streams copied to where a whole group has room, and what is folded stored there.
  void runTail(int64_t from, int64_t count) {
    const Sweep& s = sweep_;
    for (size_t i = 0; i < s.stages_.size(); i++)
      for (size_t k = 0; k < tail_[i].at.size(); k++) {
        const int32_t p = s.stages_[i].places[k];
        if (p < 0) continue;
        const Place& place = s.places_[static_cast<size_t>(p)];
        tail_[i].at[k].base = place.tailOffset >= 0 ? scratch_ + place.tailOffset : at_[p] + (from & place.mask) * bytesOf(place.dtype);
      }
    const auto copyStreams = [&](SlotKind kind) {
      for (size_t i = 0; i < s.places_.size(); i++) {
        const Place& place = s.places_[i];
        if (place.source != Source::stream || place.kind != kind) continue;
        std::byte* const outside = at_[i] + from * bytesOf(place.dtype);
        std::byte* const inside = scratch_ + place.tailOffset;
        const auto bytes = static_cast<size_t>(count * bytesOf(place.dtype));
        std::memcpy(kind == SlotKind::output ? outside : inside, kind == SlotKind::output ? inside : outside, bytes);
      }
    };
    copyStreams(SlotKind::operand);
    runChain(tail_, group_);
    copyStreams(SlotKind::output);
    for (size_t f = 0; f < s.folds_.size(); f++) {
      if (!s.folds_[f].gathered) continue;
      const Place& tile = tileOf(f);
      folds_[f].addTile(count, at_[tileIndex(f)] + (from & tile.mask) * bytesOf(tile.dtype), scratch_ + tile.tailOffset);
    }
  }

  size_t tileIndex(size_t fold) const { return sweep_.places_.size() - sweep_.folds_.size() + fold; }
  const Place& tileOf(size_t fold) const { return sweep_.places_[tileIndex(fold)]; }

  std::byte* partials(const Folding& fold, int64_t index) const {
    return workspace_ + fold.partials + static_cast<size_t>(index * fold.chunkSlots) * 8;
  }

  // Folds what has been gathered, and starts anew. What a block or a chunk did not reach holds the identity.
  void foldTile(size_t f, std::byte* slots, int64_t columns) const {
    const Folding& fold = sweep_.folds_[f];
    const Rows& layout = fold.rows;
    const Place& tile = tileOf(f);
    const auto* at = at_[tileIndex(f)];
    if (layout.stride == 0 && layout.runs.size() == 1) {
      folds_[f].addRuns(1, tile.length, at, slots, 0);
    } else if (sweep_.columnBlocks_ > 1) {
      folds_[f].addLanes(1, columns, at, slots, 0);
    } else {
      const auto add = layout.stride != 0 ? folds_[f].addLanes : folds_[f].addRuns;
      const int64_t rows = tile.length / sweep_.rowLength_;
      for (size_t r = 0; r < (layout.runs.size() == 1 ? 1 : static_cast<size_t>(rows)); r++)
        for (const int64_t offset : layout.runs) {
          const int64_t runs = layout.runs.size() == 1 ? rows : 1;
          add(runs, layout.length, at, slots + offset * 8, 0);
          at += runs * layout.length * bytesOf(fold.dtype);
        }
    }
    folds_[f].startTile(tile.length, at_[tileIndex(f)]);
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
    if (layout.runs.size() == 1 && fold.ordered && fold.trailing == 1) {
      add(block.rows, length, values, slot(block.row), fold.width);
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
  const FoldFunctions* folds_;
  int64_t group_;
  std::byte** at_;
  std::byte* scratch_;
  Link* links_;
  Link* tail_;
};

void Sweep::run(void* const* buffers, void* workspace) const {
  auto* const space = static_cast<std::byte*>(workspace);
  if (size_ == 0) {
    for (const Folding& fold : folds_) finishFold(fold, buffers, space);
    return;
  }
  // Nothing to do for any element, however many there are.
  if (stages_.size() == 1 && folds_.empty()) return;
  FoldFunctions folds[64];
  for (size_t i = 0; i < folds_.size(); i++) folds[i] = foldFunctions(folds_[i].op, folds_[i].dtype);
  // A test may have chosen another instruction set since.
  const Functions others = isa() == isa_ ? Functions{} : functionsOfStages();
  const Functions& functions = isa() == isa_ ? functions_ : others;
  const uint64_t run = runs.fetch_add(1, std::memory_order_relaxed) + 1;
  const int64_t chunks = rowChunks_ * columnBlocks_;
  ThreadPool& pool = ThreadPool::instance();
  const bool alone = chunks == 1 || size_ < kAwakeWork / work_ || (size_ < kWakingWork / work_ && !pool.awake());
  if (alone) {
    Worker worker(*this, buffers, space, functions, folds, run);
    for (int64_t i = 0; i < chunks; i++) worker.chunk(i);
  } else {
    pool.parallelFor(chunks, [&](int64_t i, int) { Worker(*this, buffers, space, functions, folds, run).chunk(i); });
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
