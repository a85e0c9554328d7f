// The boundary to a WebAssembly host: numbers and addresses in, numbers out, no mathematics. Nothing thrown in C++ leaves the module: a call
// that failed says so by its result, and error() and errorIsTape() tell why.
#include <cstdint>
#include <cstdlib>
#include <new>
#include <span>
#include <string>

#include "cpu/executor.h"
#include "cpu/isa.h"
#include "cpu/probe.h"

#define AB_EXPORT(name) extern "C" __attribute__((export_name(#name), used))

namespace {

std::string message;
bool isTape = false;

void note(const char* text, bool tape) {
  message = text;
  isTape = tape;
}

// Runs fn; says whether it ended without throwing.
template <class F>
bool guarded(F&& fn) {
  try {
    fn();
    return true;
  } catch (const ab::TapeError& error) {
    note(error.what(), true);
  } catch (const std::bad_alloc&) {
    note("wasm: out of memory; use smaller batches or fewer intermediate values", false);
  } catch (const std::exception& error) {
    note(error.what(), false);
  }
  return false;
}

template <class E>
const char* nameAt(int32_t i) {
  return i >= 0 && i < static_cast<int32_t>(E::count) ? ab::nameOf(static_cast<E>(i)) : nullptr;
}

}  // namespace

// A block of memory of the module, 64-byte aligned; 0 if there is none left.
AB_EXPORT(allocate) void* allocate(size_t bytes) { return std::aligned_alloc(64, (bytes + 63) / 64 * 64); }
AB_EXPORT(release) void release(void* block) { std::free(block); }

// A program made ready; 0 after an error.
AB_EXPORT(compile)
const ab::Executable* compile(const int32_t* words, size_t wordCount, const double* literals, size_t literalCount) {
  const ab::Executable* made = nullptr;
  guarded([&] { made = new ab::Executable(std::span(words, wordCount), std::span(literals, literalCount)); });
  return made;
}
AB_EXPORT(destroy) void destroy(const ab::Executable* program) { delete program; }

// Addresses of the memory of each input and output, of the sizes the tape states; 0 after an error.
AB_EXPORT(run) bool run(const ab::Executable* program, const void* const* inputs, void* const* outputs) {
  return guarded([&] { program->run(inputs, outputs); });
}

AB_EXPORT(instructions) size_t instructions(const ab::Executable* program) { return program->instructions(); }
AB_EXPORT(workingBytes) size_t workingBytes(const ab::Executable* program) { return program->workingBytes(); }

// What went wrong last, and whether a malformed tape was the cause.
AB_EXPORT(error) const char* error() { return message.c_str(); }
AB_EXPORT(errorIsTape) bool errorIsTape() { return isTape; }

// Names in the order of their numbers on the tape; 0 after the last.
AB_EXPORT(stepName) const char* stepName(int32_t i) { return nameAt<ab::StepOp>(i); }
AB_EXPORT(foldName) const char* foldName(int32_t i) { return nameAt<ab::FoldOp>(i); }
AB_EXPORT(opcodeName) const char* opcodeName(int32_t i) { return nameAt<ab::Opcode>(i); }
AB_EXPORT(isaName) const char* isaName() { return ab::isaName(); }
AB_EXPORT(tapeVersion) int32_t tapeVersion() { return ab::kTapeVersion; }

AB_EXPORT(fmaPeak) double fmaPeak(bool f64) { return ab::fmaPeakGflops(1, f64); }
