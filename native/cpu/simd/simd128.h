// Simd<T> on WebAssembly's 128-bit vectors. The contract is at the top of generic.h, which also serves wherever the compiler makes one instruction
// of it; here is what it makes many of. Masks of bytes lane by lane took a third of a network's training.
#pragma once

#include "generic.h"

#if AB_WASM

namespace ab::simd128 {

template <class T>
struct Simd;

template <>
struct Simd<float> : generic::FloatLanes<Simd<float>> {
  // V8 keeps one of sixteen to itself, and without a fused multiply-add every product takes one: a tile of 12 sums is spilled to memory and reaches 21
  // GFLOP/s at 512, one of 8 reaches 28.
  static constexpr int registers = 12;

  static AB_INLINE Reg loadPartial(const float* p, int64_t n) {
    if (n >= width) return load(p);
    v128_t v = wasm_f32x4_const_splat(0);
    if (n >= 2) v = wasm_v128_load64_zero(p);
    else if (n == 1) v = wasm_v128_load32_zero(p);
    if (n == 3) v = wasm_v128_load32_lane(p + 2, v, 2);
    return Reg(v);
  }
  static AB_INLINE void storePartial(float* p, Reg v, int64_t n) {
    if (n >= width) return store(p, v);
    if (n >= 2) wasm_v128_store64_lane(p, v128_t(v), 0);
    if (n == 3) wasm_v128_store32_lane(p + 2, v128_t(v), 2);
    if (n == 1) wasm_v128_store32_lane(p, v128_t(v), 0);
  }

  // "b if b < a, else a" in the words of the instruction.
  static AB_INLINE Reg min(Reg a, Reg b) { return Reg(wasm_f32x4_pmin(v128_t(b), v128_t(a))); }
  static AB_INLINE Reg max(Reg a, Reg b) { return Reg(wasm_f32x4_pmax(v128_t(b), v128_t(a))); }
  static AB_INLINE Reg sqrt(Reg v) { return Reg(wasm_f32x4_sqrt(v128_t(v))); }
  static AB_INLINE Reg round(Reg v) { return Reg(wasm_f32x4_nearest(v128_t(v))); }
  static AB_INLINE Reg floor(Reg v) { return Reg(wasm_f32x4_floor(v128_t(v))); }
  static AB_INLINE Reg ceil(Reg v) { return Reg(wasm_f32x4_ceil(v128_t(v))); }
  static AB_INLINE Reg trunc(Reg v) { return Reg(wasm_f32x4_trunc(v128_t(v))); }

  static AB_INLINE bool maskAny(Mask m) { return wasm_v128_any_true(v128_t(m)); }
  // Every lane gets all four bytes and keeps its own.
  static AB_INLINE Mask loadMask(const uint8_t* p) {
    return (IntReg(wasm_v128_load32_splat(p)) & IntReg{0xff, 0xff00, 0xff0000, -0x1000000}) != 0;
  }
  static AB_INLINE void storeMask(uint8_t* p, Mask m) {
    const v128_t ones = wasm_v128_and(v128_t(m), wasm_i8x16_const_splat(1));
    wasm_v128_store32_lane(p, wasm_i8x16_shuffle(ones, ones, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12), 0);
  }

  static AB_INLINE IntReg truncToInt(Reg v) { return IntReg(wasm_i32x4_trunc_sat_f32x4(v128_t(v))); }
  static AB_INLINE IntReg toInt(Reg v) { return truncToInt(round(v)); }
  static AB_INLINE Reg loadInt32(const int32_t* p) { return Reg(wasm_f32x4_convert_i32x4(wasm_v128_load(p))); }
  static AB_INLINE void storeInt32(int32_t* p, Reg v) { wasm_v128_store(p, v128_t(truncToInt(v))); }
  static AB_INLINE Reg loadUint8(const uint8_t* p) {
    return Reg(wasm_f32x4_convert_i32x4(wasm_u32x4_extend_low_u16x8(wasm_u16x8_extend_low_u8x16(wasm_v128_load32_zero(p)))));
  }
};

template <>
struct Simd<double> : generic::DoubleLanes<Simd<double>> {
  static constexpr int registers = Simd<float>::registers;

  static AB_INLINE Reg loadPartial(const double* p, int64_t n) {
    if (n >= width) return load(p);
    return Reg(n == 1 ? wasm_v128_load64_zero(p) : wasm_f64x2_const_splat(0));
  }
  static AB_INLINE void storePartial(double* p, Reg v, int64_t n) {
    if (n >= width) return store(p, v);
    if (n == 1) wasm_v128_store64_lane(p, v128_t(v), 0);
  }

  static AB_INLINE Reg min(Reg a, Reg b) { return Reg(wasm_f64x2_pmin(v128_t(b), v128_t(a))); }
  static AB_INLINE Reg max(Reg a, Reg b) { return Reg(wasm_f64x2_pmax(v128_t(b), v128_t(a))); }
  static AB_INLINE Reg sqrt(Reg v) { return Reg(wasm_f64x2_sqrt(v128_t(v))); }
  static AB_INLINE Reg round(Reg v) { return Reg(wasm_f64x2_nearest(v128_t(v))); }
  static AB_INLINE Reg floor(Reg v) { return Reg(wasm_f64x2_floor(v128_t(v))); }
  static AB_INLINE Reg ceil(Reg v) { return Reg(wasm_f64x2_ceil(v128_t(v))); }
  static AB_INLINE Reg trunc(Reg v) { return Reg(wasm_f64x2_trunc(v128_t(v))); }

  static AB_INLINE bool maskAny(Mask m) { return wasm_v128_any_true(v128_t(m)); }
  static AB_INLINE Mask loadMask(const uint8_t* p) { return (IntReg(wasm_v128_load16_splat(p)) & IntReg{0xff, 0xff00}) != 0; }
  static AB_INLINE void storeMask(uint8_t* p, Mask m) {
    const v128_t ones = wasm_v128_and(v128_t(m), wasm_i8x16_const_splat(1));
    wasm_v128_store16_lane(p, wasm_i8x16_shuffle(ones, ones, 0, 8, 0, 8, 0, 8, 0, 8, 0, 8, 0, 8, 0, 8, 0, 8), 0);
  }

  // There are no conversions to and from 64-bit integers. Adding 1.5 * 2^52 leaves the rounded integer in the low bits of the mantissa.
  static AB_INLINE IntReg toInt(Reg v) { return bits(v + magic()) - bits(magic()); }
  static AB_INLINE IntReg truncToInt(Reg v) { return toInt(trunc(v)); }
  static AB_INLINE Reg fromInt(IntReg v) { return fromBits(v + bits(magic())) - magic(); }
  static AB_INLINE Reg loadInt32(const int32_t* p) { return Reg(wasm_f64x2_convert_low_i32x4(wasm_v128_load64_zero(p))); }
  static AB_INLINE void storeInt32(int32_t* p, Reg v) { wasm_v128_store64_lane(p, wasm_i32x4_trunc_sat_f64x2_zero(v128_t(v)), 0); }
  static AB_INLINE Reg loadUint8(const uint8_t* p) { return Reg{static_cast<double>(p[0]), static_cast<double>(p[1])}; }

 private:
  static AB_INLINE Reg magic() { return set1(6755399441055744.0); }
};

}  // namespace ab::simd128

#endif
