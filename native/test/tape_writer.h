// Writes tapes by hand, in the format that src/compile/tape.ts defines.
#pragma once

#include <vector>

#include "cpu/tape.h"
#include "fuzz/tape_input.h"

namespace ab::test {

struct TapeWriter {
  struct Place {
    DType dtype;
    int64_t size;
    int64_t line = 0;
  };
  int64_t arenaLines = 0;
  int32_t inputs = 0, outputs = 0;
  std::vector<Place> buffers;
  std::vector<std::vector<int32_t>> instructions;
  std::vector<double> literals;

  static void wide(std::vector<int32_t>& words, int64_t value) {
    words.push_back(static_cast<int32_t>(value & 0xffffffff));
    words.push_back(static_cast<int32_t>(value >> 32));
  }
  static void extents(std::vector<int32_t>& words, const Extents& e) {
    words.push_back(e.rank);
    for (int i = 0; i < e.rank; i++) wide(words, e[i]);
  }

  void fused(const Fused& group) {
    std::vector<int32_t> words{0, 0};
    extents(words, group.extents);
    words.push_back(static_cast<int32_t>(group.slots.size()));
    for (const Slot& slot : group.slots) {
      words.push_back(static_cast<int32_t>(slot.kind));
      words.push_back(static_cast<int32_t>(slot.dtype));
      if (slot.kind == SlotKind::immediate) {
        words.push_back(static_cast<int32_t>(literals.size()));
        literals.push_back(slot.value);
      } else {
        words.push_back(slot.kind == SlotKind::scratch ? 0 : slot.buffer);
      }
      if (slot.kind == SlotKind::operand)
        for (int i = 0; i < group.extents.rank; i++) wide(words, slot.strides[i]);
    }
    words.push_back(static_cast<int32_t>(group.steps.size()));
    for (const Step& step : group.steps) {
      words.push_back(static_cast<int32_t>(step.op));
      words.push_back(step.target);
      words.insert(words.end(), step.sources.begin(), step.sources.end());
    }
    words.push_back(static_cast<int32_t>(group.folds.size()));
    for (const Fold& fold : group.folds)
      words.insert(words.end(), {static_cast<int32_t>(fold.op), fold.source, fold.buffer, static_cast<int32_t>(fold.kept)});
    words[1] = static_cast<int32_t>(words.size());
    instructions.push_back(words);
  }

  void kernel(Opcode op, const std::vector<Operand>& operands, const Operand& output, const std::vector<int64_t>& params) {
    std::vector<int32_t> words{static_cast<int32_t>(op), 0, static_cast<int32_t>(operands.size())};
    for (const Operand& operand : operands) {
      words.push_back(operand.buffer);
      extents(words, operand.shape);
    }
    words.push_back(output.buffer);
    extents(words, output.shape);
    words.push_back(static_cast<int32_t>(params.size()));
    for (const int64_t p : params) wide(words, p);
    words[1] = static_cast<int32_t>(words.size());
    instructions.push_back(words);
  }

  fuzz::TapeInput finish() const {
    std::vector<int32_t> words{kTapeMagic, kTapeVersion, 0};
    wide(words, arenaLines);
    words.insert(words.end(), {inputs, outputs, static_cast<int32_t>(buffers.size()), static_cast<int32_t>(instructions.size())});
    for (const Place& place : buffers) {
      words.push_back(static_cast<int32_t>(place.dtype));
      wide(words, place.size);
      wide(words, place.line);
    }
    for (const auto& instruction : instructions) words.insert(words.end(), instruction.begin(), instruction.end());
    words[2] = static_cast<int32_t>(words.size());
    return {literals, words};
  }
};

}  // namespace ab::test
