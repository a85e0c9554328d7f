// What the steps of a sweep compute, one element at a time. Floats as the CPU's executor has them: functions of f32 go through double, so that the
// one rounding at the end is the error.
#pragma once

#include <cmath>
#include <limits>

#include "cpu/tape.h"
#include "simt.cuh"

namespace ab::cuda {

// An element of any type; u8 and bool are bytes.
union Value {
  float f32;
  double f64;
  int32_t i32;
  uint8_t u8;
  int64_t wide;  // of an integer sum
};

template <class T>
__device__ __forceinline__ T get(const Value& value) {
  if constexpr (std::is_same_v<T, float>) return value.f32;
  else if constexpr (std::is_same_v<T, double>) return value.f64;
  else if constexpr (std::is_same_v<T, int32_t>) return value.i32;
  else return value.u8;
}
template <class T>
__device__ __forceinline__ Value valueOf(T x) {
  Value value;
  value.wide = 0;
  if constexpr (std::is_same_v<T, float>) value.f32 = x;
  else if constexpr (std::is_same_v<T, double>) value.f64 = x;
  else if constexpr (std::is_same_v<T, int32_t>) value.i32 = x;
  else value.u8 = x;
  return value;
}

// x ** y as JavaScript has it, which is C's pow but for bases of magnitude 1.
__device__ inline double jsPow(double x, double y) {
  if (y != y || (std::isinf(y) && std::fabs(x) == 1)) return std::numeric_limits<double>::quiet_NaN();
  return std::pow(x, y);
}

// What a number becomes when JavaScript stores it in an Int32Array: truncated, and modulo 2^32; 0 if it is not finite.
__device__ inline int32_t toInt32(double x) {
  if (x > -2147483649.0 && x < 2147483648.0) return static_cast<int32_t>(x);
  if (!(std::fabs(x) <= std::numeric_limits<double>::max())) return 0;
  return static_cast<int32_t>(static_cast<uint32_t>(static_cast<int64_t>(std::fmod(std::trunc(x), 4294967296.0))));
}

// NaN if either is, and 0 is larger than -0.
template <class T>
__device__ __forceinline__ T largest(T x, T y) {
  if constexpr (std::is_floating_point_v<T>) {
    if (x != x || y != y) return x + y;
    if (x == y) return std::signbit(x) ? y : x;
  }
  return x > y ? x : y;
}
template <class T>
__device__ __forceinline__ T smallest(T x, T y) {
  if constexpr (std::is_floating_point_v<T>) {
    if (x != x || y != y) return x + y;
    if (x == y) return std::signbit(x) ? x : y;
  }
  return x < y ? x : y;
}

// Functions of floats, in double.
__device__ inline double functionOf(StepOp op, double x) {
  switch (op) {
    case StepOp::exp: return std::exp(x);
    case StepOp::expm1: return std::expm1(x);
    case StepOp::log: return std::log(x);
    case StepOp::log1p: return std::log1p(x);
    case StepOp::rsqrt: return 1 / std::sqrt(x);
    case StepOp::tanh: return std::tanh(x);
    case StepOp::sigmoid: return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x));
    case StepOp::softplus: return (x > 0 ? x : 0) + std::log1p(std::exp(-std::fabs(x)));
    case StepOp::sin: return std::sin(x);
    default: return std::cos(x);
  }
}

// What floats have and integers lack.
template <class T>
__device__ inline T floatStep(StepOp op, T x, T y) {
  switch (op) {
    case StepOp::div: return x / y;
    case StepOp::abs: return std::fabs(x);
    // 0, -0 and NaN stay.
    case StepOp::sign: return x > 0 ? T{1} : x < 0 ? T{-1} : x;
    case StepOp::floor: return std::floor(x);
    case StepOp::sqrt: return std::sqrt(x);
    case StepOp::pow: return static_cast<T>(jsPow(static_cast<double>(x), static_cast<double>(y)));
    default: return static_cast<T>(functionOf(op, static_cast<double>(x)));
  }
}

// Through unsigned, which wraps where signed arithmetic would be undefined.
template <class T>
__device__ inline T integerStep(StepOp op, T x, T y) {
  const auto a = static_cast<uint32_t>(x), b = static_cast<uint32_t>(y);
  switch (op) {
    case StepOp::add: return static_cast<T>(a + b);
    case StepOp::sub: return static_cast<T>(a - b);
    case StepOp::mul: return static_cast<T>(a * b);
    case StepOp::div: return y == 0 ? T{0} : static_cast<T>(static_cast<int64_t>(x) / static_cast<int64_t>(y));
    case StepOp::neg: return static_cast<T>(0u - a);
    case StepOp::logicalAnd: return static_cast<T>((x != 0) & (y != 0));
    case StepOp::logicalOr: return static_cast<T>((x != 0) | (y != 0));
    case StepOp::logicalNot: return static_cast<T>(x == 0);
    default: return static_cast<T>(toInt32(jsPow(static_cast<double>(x), static_cast<double>(y))));
  }
}

// A step whose sources are T; a comparison's result is a byte.
template <class T>
__device__ inline Value stepOn(StepOp op, T x, T y) {
  switch (op) {
    case StepOp::copy: return valueOf(x);
    case StepOp::maximum: return valueOf(largest(x, y));
    case StepOp::minimum: return valueOf(smallest(x, y));
    case StepOp::equal: return valueOf(static_cast<uint8_t>(x == y));
    case StepOp::less: return valueOf(static_cast<uint8_t>(x < y));
    case StepOp::lessEqual: return valueOf(static_cast<uint8_t>(x <= y));
    default: break;
  }
  if constexpr (std::is_floating_point_v<T>) {
    switch (op) {
      case StepOp::add: return valueOf(x + y);
      case StepOp::sub: return valueOf(x - y);
      case StepOp::mul: return valueOf(x * y);
      case StepOp::neg: return valueOf(-x);
      default: return valueOf(floatStep(op, x, y));
    }
  } else {
    return valueOf(integerStep(op, x, y));
  }
}

template <class From>
__device__ inline Value convertFrom(DType to, From x) {
  switch (to) {
    case DType::f32: return valueOf(static_cast<float>(x));
    case DType::f64: return valueOf(static_cast<double>(x));
    case DType::boolean: return valueOf(static_cast<uint8_t>(x != 0));
    case DType::i32:
    case DType::u8: break;
  }
  int32_t whole;
  if constexpr (std::is_floating_point_v<From>) whole = toInt32(static_cast<double>(x));
  else whole = x;
  return to == DType::i32 ? valueOf(whole) : valueOf(static_cast<uint8_t>(whole));
}

// Calls fn with a value of the element type.
template <class F>
__device__ __forceinline__ auto onType(DType dtype, F&& fn) {
  switch (dtype) {
    case DType::f32: return fn(float{});
    case DType::f64: return fn(double{});
    case DType::i32: return fn(int32_t{});
    case DType::boolean:
    case DType::u8: break;
  }
  return fn(uint8_t{});
}

// A partial sum or maximum: double of floats, 64 bits of integers.
__device__ __forceinline__ bool isFloat(DType dtype) { return dtype == DType::f32 || dtype == DType::f64; }

__device__ inline Value startOf(FoldOp op, DType dtype) {
  Value value;
  if (op == FoldOp::sum) value.wide = 0;
  else if (isFloat(dtype)) value.f64 = -std::numeric_limits<double>::infinity();
  else value.wide = std::numeric_limits<int64_t>::lowest();
  return value;
}

__device__ inline Value combined(FoldOp op, DType dtype, Value a, Value b) {
  Value value;
  if (isFloat(dtype)) value.f64 = op == FoldOp::sum ? a.f64 + b.f64 : a.f64 > b.f64 || a.f64 != a.f64 ? a.f64 : b.f64;
  else if (op == FoldOp::sum) value.wide = static_cast<int64_t>(static_cast<uint64_t>(a.wide) + static_cast<uint64_t>(b.wide));
  else value.wide = a.wide > b.wide ? a.wide : b.wide;
  return value;
}

}  // namespace ab::cuda
