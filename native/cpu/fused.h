// A fused instruction: elementwise steps over one iteration space, and reductions of what they compute, in one sweep over memory.
//
// The space is cut into chunks, and chunks into blocks, over each of which the chain of steps runs (chain.h). Both depend on sizes alone. A
// chunk folds into partial results of its own; these are joined in the order of the chunks. So neither the number of threads nor their speed
// can change a bit of the result.
#pragma once

#include <cstddef>
#include <vector>

#include "chain.h"
#include "isa.h"
#include "steps.h"
#include "tape.h"

namespace ab {

class Sweep {
 public:
  // The instruction and the buffers must have passed the decoder. Keeps a copy of what it needs.
  explicit Sweep(const Fused& group);

  // Memory for partial results that run() needs besides its buffers.
  size_t workspaceBytes() const { return workspaceBytes_; }
  // buffers[i] is the memory of buffer i of the tape.
  void run(void* const* buffers, void* workspace) const;

 private:
  enum class Source { scratch, stream, tile, fill };

  // Where an operand's or fold's element lies, in two parts: a part for the outer position and a part for the position inside a row.
  struct Rows {
    Extents outerStrides;
    std::vector<int64_t> runs;  // offset of each run of `length` elements of a row
    int64_t length = 1;
    int64_t stride = 0;         // inside a run
  };

  // A place of the chain: what a slot names, or the tile of a fold.
  struct Place {
    SlotKind kind = SlotKind::scratch;
    Source source = Source::scratch;
    DType dtype = DType::f32;
    int32_t buffer = -1;
    double value = 0;
    bool plain = false;       // a stream that is contiguous over the whole space
    bool single = false;      // one number
    int64_t length = 0;       // elements laid out; 0 for a stream
    int64_t mask = -1;        // of a link
    int64_t offset = -1;      // in scratch memory
    int64_t tailOffset = -1;  // where a stream or a fold's tile is replaced in an incomplete group
    Rows rows;
  };

  struct Folding {
    FoldOp op = FoldOp::sum;
    DType dtype = DType::f32;
    int32_t source = 0;
    int32_t buffer = 0;
    Rows rows;                 // stride 0 inside a run: folded away
    int64_t outerKept = 1;     // results that differ in the outer position
    int64_t trailing = 1;      // consecutive outer positions with one result, if ordered
    bool ordered = true;       // the result's position never decreases from one outer position to the next
    bool exclusive = false;    // no two chunks share a result
    bool gathered = false;     // all rows of a chunk fold into the same results, so that they are added up in a tile first
    int64_t width = 1;         // results of one row
    int64_t rowWidth = 1;      // the same, of a whole row if chunks divide rows
    int64_t chunkSlots = 0;    // room for one chunk's partial results
    size_t partials = 0;       // in the workspace, for all chunks
    size_t total = 0;          // in the workspace
    int64_t results = 1;
  };

  // What one chunk covers: rows [begin, end), and of each row the columns [column, column + columns).
  struct Chunk {
    int64_t begin, end, column, columns;
  };

  struct Block {
    int64_t row, rows, column, length;
  };

  // A place of a link whose memory is another one for every block.
  struct Stream {
    size_t link, at;
    int32_t place;
  };

  // The stages' functions: of whole groups, and of an incomplete one, whose folds only store what is to be gathered.
  struct Functions {
    std::vector<StageFunction> whole, tail;
  };

  class Worker;

  void chooseGeometry();
  void chooseChunks();
  void addFolds(const Fused& group);
  void addEmptyFolds(const Fused& group);
  void addPlaces(const Fused& group);
  void addTile(const Folding& fold);
  void addStages(const Fused& group);
  void reserveWorkspace();
  int64_t reserve(int64_t bytes);
  int64_t period() const;
  Rows rowsOf(const Extents& strides) const;
  Functions functionsOfStages() const;
  Chunk chunkAt(int64_t index) const;
  int64_t outerOffset(const Extents& strides, int64_t row) const;
  int64_t resultOf(const Folding& fold, int64_t row) const;
  void finishFold(const Folding& fold, void* const* buffers, std::byte* workspace) const;

  Extents extents_;
  int64_t size_ = 0;
  int outerRank_ = 0;        // axes [0, outerRank_) number the rows
  int64_t rows_ = 1;         // number of rows
  int64_t rowLength_ = 1;    // elements of a row
  int64_t blockRows_ = 1;    // rows of a block; 1 if rows are divided
  int64_t blockColumns_ = 1; // columns of a block; rowLength_ unless rows are divided
  int64_t columnBlocks_ = 1; // blocks across a row
  int64_t blockLength_ = 1;  // most elements of a block
  int64_t chunkRows_ = 1;
  int64_t rowChunks_ = 1;
  int64_t work_ = 1;         // of one element
  std::vector<Place> places_;
  std::vector<Folding> folds_;
  std::vector<Stage> stages_;
  std::vector<Stream> streams_;
  Isa isa_;
  Functions functions_;      // for isa_
  int64_t linksOffset_ = 0, tailOffset_ = 0;
  int64_t scratchBytes_ = 0;
  size_t workspaceBytes_ = 0;
};

}  // namespace ab
