// From dtypes to types.
#pragma once

#include "tape.h"

namespace ab {

// Calls fn with a value of the element type; bool counts as its byte.
template <class F>
void withType(DType dtype, F&& fn) {
  switch (dtype) {
    case DType::f32: return fn(float{});
    case DType::f64: return fn(double{});
    case DType::i32: return fn(int32_t{});
    case DType::boolean:
    case DType::u8: return fn(uint8_t{});
  }
}

}  // namespace ab
