// Memory for a run of a program: inputs of small numbers that its floats hold exactly, and outputs.
#pragma once

#include <cstring>
#include <vector>

#include "cpu/executor.h"

namespace ab::test {

class ProgramArrays {
 public:
  explicit ProgramArrays(const Executable& program) {
    uint32_t state = 1;
    for (int i = 0; i < program.inputs(); i++) {
      const Buffer& buffer = program.input(i);
      std::vector<uint8_t>& memory = inputMemory_.emplace_back(static_cast<size_t>(buffer.bytes()));
      for (int64_t k = 0; k < buffer.size; k++) {
        state = state * 1664525u + 1013904223u;
        put(memory.data() + k * bytesOf(buffer.dtype), buffer.dtype, static_cast<int>(state >> 24) % 3);
      }
    }
    for (int i = 0; i < program.outputs(); i++) outputMemory_.emplace_back(static_cast<size_t>(program.output(i).bytes()));
    for (const std::vector<uint8_t>& memory : inputMemory_) inputs_.push_back(memory.data());
    for (std::vector<uint8_t>& memory : outputMemory_) outputs_.push_back(memory.data());
  }

  void run(const Executable& program) { program.run(inputs_.data(), outputs_.data()); }
  bool operator==(const ProgramArrays& other) const { return outputMemory_ == other.outputMemory_; }

 private:
  static void put(uint8_t* to, DType dtype, int value) {
    const float f32 = static_cast<float>(value) / 4;
    const double f64 = static_cast<double>(value) / 4;
    const int32_t i32 = value;
    switch (dtype) {
      case DType::f32: std::memcpy(to, &f32, sizeof f32); break;
      case DType::f64: std::memcpy(to, &f64, sizeof f64); break;
      case DType::i32: std::memcpy(to, &i32, sizeof i32); break;
      case DType::boolean: *to = static_cast<uint8_t>(value % 2); break;
      case DType::u8: *to = static_cast<uint8_t>(value); break;
    }
  }

  std::vector<std::vector<uint8_t>> inputMemory_, outputMemory_;
  std::vector<const void*> inputs_;
  std::vector<void*> outputs_;
};

}  // namespace ab::test
