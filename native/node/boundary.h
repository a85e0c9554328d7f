// What the addons share: errors, typed arrays, tapes. Nothing here computes.
#pragma once

#include <napi.h>

#include <string>
#include <vector>

#include "cpu/tape.h"

namespace ab::node {

inline Napi::Error errorOf(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

[[noreturn]] inline void fail(Napi::Env env, const std::string& message) { throw errorOf(env, "ERR_NATIVE", message); }

inline napi_typedarray_type arrayOf(ab::DType dtype) {
  switch (dtype) {
    case ab::DType::f32: return napi_float32_array;
    case ab::DType::f64: return napi_float64_array;
    case ab::DType::i32: return napi_int32_array;
    case ab::DType::boolean:
    case ab::DType::u8: break;
  }
  return napi_uint8_array;
}

// The memory of an array of exactly a buffer's elements.
inline void* memoryOf(Napi::Env env, Napi::Value value, const ab::Buffer& buffer, const char* what, int i) {
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  void* data = nullptr;
  const napi_status status = napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr);
  if (status != napi_ok || type != arrayOf(buffer.dtype) || static_cast<int64_t>(length) != buffer.size) {
    fail(env, std::string("run: ") + what + " " + std::to_string(i) + " must be a " + ab::nameOf(buffer.dtype) + " array of " +
                  std::to_string(buffer.size) + " elements" +
                  (status == napi_ok ? ", got " + std::to_string(length) + " elements" : ""));
  }
  return data;
}

// A program as JavaScript gives it.
struct TapeArrays {
  std::vector<int32_t> words;
  std::vector<double> literals;
};

// Copies: the arrays may be shared with another thread, and what is validated must be what runs.
inline TapeArrays tapeOf(const Napi::CallbackInfo& info) {
  const bool given = info.Length() == 2 && info[0].IsTypedArray() && info[1].IsTypedArray() &&
                     info[0].As<Napi::TypedArray>().TypedArrayType() == napi_int32_array &&
                     info[1].As<Napi::TypedArray>().TypedArrayType() == napi_float64_array;
  if (!given) fail(info.Env(), "Executable: needs a tape (Int32Array) and its literals (Float64Array)");
  const auto words = info[0].As<Napi::Int32Array>();
  const auto literals = info[1].As<Napi::Float64Array>();
  return {std::vector<int32_t>(words.Data(), words.Data() + words.ElementLength()),
          std::vector<double>(literals.Data(), literals.Data() + literals.ElementLength())};
}

// The names of an enumeration of the tape, in the order of their numbers.
template <class E>
Napi::Array namesOf(Napi::Env env) {
  Napi::Array names = Napi::Array::New(env);
  for (int i = 0; i < static_cast<int>(E::count); i++) names.Set(static_cast<uint32_t>(i), ab::nameOf(static_cast<E>(i)));
  return names;
}

}  // namespace ab::node
