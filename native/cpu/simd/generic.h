// Simd<T> for any machine: 16-byte vectors of the compiler's own vector extension (SSE2 on x86-64).
//
// The contract shared by generic.h, avx2.h, avx512.h, neon.h and simd128.h:
//   Reg, Mask, IntReg (as many lanes, as wide as T); width = lanes; registers = vector registers that sums and operands can fill.
//   load/store accept any alignment: on aligned addresses the unaligned instructions cost the same.
//   *Partial(…, n) touch only the first n lanes in memory, 0 <= n <= width; lanes not loaded read as zero.
//   fma(a, b, c) = a*b + c and fnma(a, b, c) = c - a*b, rounded once on avx2, avx512 and neon, twice here and on simd128 (there is no portable fast form).
//   min/max return b when a or b is NaN. round is to nearest, ties to even.
//   toInt rounds, truncToInt truncates; for double the integer must lie within +-2^51.
//   Byte masks are bool tensors: 0 is false, anything else true, and 1 is what is stored.
//   loadInt32, storeInt32 (truncating) and loadUint8 convert between tensors of those types and T.
#pragma once

#include <cstdint>
#include <cstring>

#include "region.h"

namespace ab::generic {

#include "tails.inc"

template <class T>
struct Simd;

// Everything in which float and double do not differ. S is the Simd<T> that derives from it.
template <class S, class T, class I>
struct GenericLanes : Tails<S, T> {
  using Scalar = T;
  using IntScalar = I;
  typedef T Reg __attribute__((vector_size(16)));
  typedef I IntReg __attribute__((vector_size(16)));
  using Mask = IntReg;
  static constexpr int width = 16 / sizeof(T);
#if defined(__aarch64__)
  static constexpr int registers = 32;
#else
  static constexpr int registers = 16;
#endif

  static AB_INLINE Reg load(const T* p) {
    Reg r;
    std::memcpy(&r, p, sizeof(r));
    return r;
  }
  static AB_INLINE void store(T* p, Reg v) { std::memcpy(p, &v, sizeof(v)); }
  static AB_INLINE Reg loadPartial(const T* p, int64_t n) {
    Reg r = {};
    for (int i = 0; i < width; i++)
      if (i < n) r[i] = p[i];
    return r;
  }
  static AB_INLINE void storePartial(T* p, Reg v, int64_t n) {
    for (int i = 0; i < width; i++)
      if (i < n) p[i] = v[i];
  }
  static AB_INLINE Reg set1(T x) { return x - Reg{}; }
  static AB_INLINE Reg zero() { return Reg{}; }

  static AB_INLINE Reg add(Reg a, Reg b) { return a + b; }
  static AB_INLINE Reg sub(Reg a, Reg b) { return a - b; }
  static AB_INLINE Reg mul(Reg a, Reg b) { return a * b; }
  static AB_INLINE Reg div(Reg a, Reg b) { return a / b; }
  static AB_INLINE Reg fma(Reg a, Reg b, Reg c) { return a * b + c; }
  static AB_INLINE Reg fnma(Reg a, Reg b, Reg c) { return c - a * b; }
  static AB_INLINE Reg min(Reg a, Reg b) { return a < b ? a : b; }
  static AB_INLINE Reg max(Reg a, Reg b) { return a > b ? a : b; }

  static AB_INLINE Mask lt(Reg a, Reg b) { return a < b; }
  static AB_INLINE Mask le(Reg a, Reg b) { return a <= b; }
  static AB_INLINE Mask gt(Reg a, Reg b) { return a > b; }
  static AB_INLINE Mask ge(Reg a, Reg b) { return a >= b; }
  static AB_INLINE Mask eq(Reg a, Reg b) { return a == b; }
  static AB_INLINE Mask ne(Reg a, Reg b) { return a != b; }
  static AB_INLINE Reg select(Mask m, Reg a, Reg b) { return m ? a : b; }
  static AB_INLINE Mask maskAnd(Mask a, Mask b) { return a & b; }
  static AB_INLINE Mask maskOr(Mask a, Mask b) { return a | b; }
  static AB_INLINE Mask maskXor(Mask a, Mask b) { return a ^ b; }
  static AB_INLINE Mask maskNot(Mask a) { return ~a; }
  static AB_INLINE Mask maskFirst(int64_t n) {
    Mask m = {};
    for (int i = 0; i < width; i++) m[i] = i < n ? -1 : 0;
    return m;
  }
  static AB_INLINE bool maskAny(Mask a) {
    I any = 0;
    for (int i = 0; i < width; i++) any |= a[i];
    return any != 0;
  }
  static AB_INLINE Mask loadMask(const uint8_t* p) {
    Mask m = {};
    for (int i = 0; i < width; i++) m[i] = p[i] != 0 ? -1 : 0;
    return m;
  }
  static AB_INLINE void storeMask(uint8_t* p, Mask m) {
    for (int i = 0; i < width; i++) p[i] = m[i] != 0;
  }

  static AB_INLINE IntReg bits(Reg v) { return reinterpret_cast<IntReg>(v); }
  static AB_INLINE Reg fromBits(IntReg v) { return reinterpret_cast<Reg>(v); }
  static AB_INLINE IntReg intSet1(I x) { return x - IntReg{}; }
  static AB_INLINE IntReg intAdd(IntReg a, IntReg b) { return a + b; }
  static AB_INLINE IntReg intSub(IntReg a, IntReg b) { return a - b; }
  static AB_INLINE IntReg intAnd(IntReg a, IntReg b) { return a & b; }
  static AB_INLINE IntReg intOr(IntReg a, IntReg b) { return a | b; }
  static AB_INLINE IntReg intXor(IntReg a, IntReg b) { return a ^ b; }
  template <int k>
  static AB_INLINE IntReg shiftLeft(IntReg a) {
    return a << k;
  }
  template <int k>
  static AB_INLINE IntReg shiftRight(IntReg a) {
    constexpr I keep = static_cast<I>((static_cast<uint64_t>(1) << (8 * sizeof(I) - k)) - 1);
    return (a >> k) & keep;
  }

  static AB_INLINE Reg abs(Reg v) { return fromBits(bits(v) & ~signBit()); }
  static AB_INLINE Reg neg(Reg v) { return -v; }
  static AB_INLINE Reg copySign(Reg magnitude, Reg sign) {
    return fromBits((bits(magnitude) & ~signBit()) | (bits(sign) & signBit()));
  }
  static AB_INLINE Reg sqrt(Reg v) {
    for (int i = 0; i < width; i++) v[i] = static_cast<T>(__builtin_sqrt(static_cast<double>(v[i])));
    return v;
  }
  // Adding and subtracting 2^(digits) leaves the nearest integer; larger magnitudes are integers already.
  static AB_INLINE Reg round(Reg v) {
    const Reg magic = set1(sizeof(T) == 4 ? static_cast<T>(8388608.0) : static_cast<T>(4503599627370496.0));
    const Reg a = abs(v);
    return a < magic ? copySign((a + magic) - magic, v) : v;
  }
  static AB_INLINE Reg floor(Reg v) {
    const Reg r = round(v);
    return copySign(r > v ? r - set1(1) : r, v);
  }
  static AB_INLINE Reg ceil(Reg v) { return neg(floor(neg(v))); }
  static AB_INLINE Reg trunc(Reg v) { return copySign(floor(abs(v)), v); }

  static AB_INLINE IntReg truncToInt(Reg v) { return __builtin_convertvector(v, IntReg); }
  static AB_INLINE IntReg toInt(Reg v) { return truncToInt(round(v)); }
  static AB_INLINE Reg fromInt(IntReg v) { return __builtin_convertvector(v, Reg); }

  static AB_INLINE Reg loadInt32(const int32_t* p) {
    Reg r = {};
    for (int i = 0; i < width; i++) r[i] = static_cast<T>(p[i]);
    return r;
  }
  static AB_INLINE void storeInt32(int32_t* p, Reg v) {
    for (int i = 0; i < width; i++) p[i] = static_cast<int32_t>(v[i]);
  }
  static AB_INLINE Reg loadUint8(const uint8_t* p) {
    Reg r = {};
    for (int i = 0; i < width; i++) r[i] = static_cast<T>(p[i]);
    return r;
  }

 private:
  static AB_INLINE IntReg signBit() { return intSet1(static_cast<I>(static_cast<uint64_t>(1) << (8 * sizeof(I) - 1))); }
};

template <class S>
struct FloatLanes : GenericLanes<S, float, int32_t> {
  using Reg = typename GenericLanes<S, float, int32_t>::Reg;
  static AB_INLINE float reduceAdd(Reg v) { return (v[0] + v[2]) + (v[1] + v[3]); }
  static AB_INLINE float reduceMin(Reg v) {
    const Reg w = S::min(v, __builtin_shufflevector(v, v, 2, 3, 0, 1));
    return w[0] < w[1] ? w[0] : w[1];
  }
  static AB_INLINE float reduceMax(Reg v) {
    const Reg w = S::max(v, __builtin_shufflevector(v, v, 2, 3, 0, 1));
    return w[0] > w[1] ? w[0] : w[1];
  }
  // The first and second half of a0 b0 a1 b1 …; log2(width) rounds of the two transpose a square block.
  static AB_INLINE Reg zipLow(Reg a, Reg b) { return __builtin_shufflevector(a, b, 0, 4, 1, 5); }
  static AB_INLINE Reg zipHigh(Reg a, Reg b) { return __builtin_shufflevector(a, b, 2, 6, 3, 7); }
};

template <class S>
struct DoubleLanes : GenericLanes<S, double, int64_t> {
  using Reg = typename GenericLanes<S, double, int64_t>::Reg;
  static AB_INLINE double reduceAdd(Reg v) { return v[0] + v[1]; }
  static AB_INLINE double reduceMin(Reg v) { return v[0] < v[1] ? v[0] : v[1]; }
  static AB_INLINE double reduceMax(Reg v) { return v[0] > v[1] ? v[0] : v[1]; }
  static AB_INLINE Reg zipLow(Reg a, Reg b) { return __builtin_shufflevector(a, b, 0, 2); }
  static AB_INLINE Reg zipHigh(Reg a, Reg b) { return __builtin_shufflevector(a, b, 1, 3); }
};

template <>
struct Simd<float> : FloatLanes<Simd<float>> {};
template <>
struct Simd<double> : DoubleLanes<Simd<double>> {};

}  // namespace ab::generic
