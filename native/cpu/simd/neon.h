// Simd<T> on 64-bit ARM. The contract is at the top of generic.h.
#pragma once

#include <cstdint>
#include <cstring>

#include "region.h"

#if AB_NEON

namespace ab::neon {

#include "tails.inc"

template <class T>
struct Simd;

template <>
struct Simd<float> : Tails<Simd<float>, float> {
  using Scalar = float;
  using IntScalar = int32_t;
  using Reg = float32x4_t;
  using Mask = uint32x4_t;
  using IntReg = int32x4_t;
  static constexpr int width = 4;
  static constexpr int registers = 32;

  static AB_INLINE Reg load(const float* p) { return vld1q_f32(p); }
  static AB_INLINE void store(float* p, Reg v) { vst1q_f32(p, v); }
  // There is no masked load: at most three lanes, one by one.
  static AB_INLINE Reg loadPartial(const float* p, int64_t n) {
    if (n >= width) return load(p);
    Reg v = zero();
    if (n > 0) v = vld1q_lane_f32(p, v, 0);
    if (n > 1) v = vld1q_lane_f32(p + 1, v, 1);
    if (n > 2) v = vld1q_lane_f32(p + 2, v, 2);
    return v;
  }
  static AB_INLINE void storePartial(float* p, Reg v, int64_t n) {
    if (n >= width) return store(p, v);
    if (n > 0) vst1q_lane_f32(p, v, 0);
    if (n > 1) vst1q_lane_f32(p + 1, v, 1);
    if (n > 2) vst1q_lane_f32(p + 2, v, 2);
  }
  static AB_INLINE Reg set1(float x) { return vdupq_n_f32(x); }
  static AB_INLINE Reg zero() { return vdupq_n_f32(0); }

  static AB_INLINE Reg add(Reg a, Reg b) { return vaddq_f32(a, b); }
  static AB_INLINE Reg sub(Reg a, Reg b) { return vsubq_f32(a, b); }
  static AB_INLINE Reg mul(Reg a, Reg b) { return vmulq_f32(a, b); }
  static AB_INLINE Reg div(Reg a, Reg b) { return vdivq_f32(a, b); }
  static AB_INLINE Reg fma(Reg a, Reg b, Reg c) { return vfmaq_f32(c, a, b); }
  static AB_INLINE Reg fnma(Reg a, Reg b, Reg c) { return vfmsq_f32(c, a, b); }
  // The instructions for it return NaN when either is one.
  static AB_INLINE Reg min(Reg a, Reg b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
  static AB_INLINE Reg max(Reg a, Reg b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
  static AB_INLINE Reg sqrt(Reg v) { return vsqrtq_f32(v); }
  static AB_INLINE Reg abs(Reg v) { return vabsq_f32(v); }
  static AB_INLINE Reg neg(Reg v) { return vnegq_f32(v); }
  static AB_INLINE Reg copySign(Reg magnitude, Reg sign) { return vbslq_f32(vdupq_n_u32(0x80000000u), sign, magnitude); }
  static AB_INLINE Reg round(Reg v) { return vrndnq_f32(v); }
  static AB_INLINE Reg floor(Reg v) { return vrndmq_f32(v); }
  static AB_INLINE Reg ceil(Reg v) { return vrndpq_f32(v); }
  static AB_INLINE Reg trunc(Reg v) { return vrndq_f32(v); }

  static AB_INLINE Mask lt(Reg a, Reg b) { return vcltq_f32(a, b); }
  static AB_INLINE Mask le(Reg a, Reg b) { return vcleq_f32(a, b); }
  static AB_INLINE Mask gt(Reg a, Reg b) { return vcgtq_f32(a, b); }
  static AB_INLINE Mask ge(Reg a, Reg b) { return vcgeq_f32(a, b); }
  static AB_INLINE Mask eq(Reg a, Reg b) { return vceqq_f32(a, b); }
  static AB_INLINE Mask ne(Reg a, Reg b) { return vmvnq_u32(vceqq_f32(a, b)); }
  static AB_INLINE Reg select(Mask m, Reg a, Reg b) { return vbslq_f32(m, a, b); }
  static AB_INLINE Mask maskAnd(Mask a, Mask b) { return vandq_u32(a, b); }
  static AB_INLINE Mask maskOr(Mask a, Mask b) { return vorrq_u32(a, b); }
  static AB_INLINE Mask maskXor(Mask a, Mask b) { return veorq_u32(a, b); }
  static AB_INLINE Mask maskNot(Mask a) { return vmvnq_u32(a); }
  static AB_INLINE Mask maskFirst(int64_t n) {
    constexpr int32_t kLanes[4] = {0, 1, 2, 3};
    return vcltq_s32(vld1q_s32(kLanes), vdupq_n_s32(static_cast<int32_t>(n)));
  }
  static AB_INLINE bool maskAny(Mask a) { return vmaxvq_u32(a) != 0; }
  static AB_INLINE Mask loadMask(const uint8_t* p) {
    const uint32x4_t wide = load4(p);
    return vtstq_u32(wide, wide);
  }
  static AB_INLINE void storeMask(uint8_t* p, Mask m) {
    const uint16x4_t half = vmovn_u32(vshrq_n_u32(m, 31));
    const uint8x8_t bytes = vmovn_u16(vcombine_u16(half, half));
    const uint32_t four = vget_lane_u32(vreinterpret_u32_u8(bytes), 0);
    std::memcpy(p, &four, 4);
  }

  static AB_INLINE IntReg bits(Reg v) { return vreinterpretq_s32_f32(v); }
  static AB_INLINE Reg fromBits(IntReg v) { return vreinterpretq_f32_s32(v); }
  static AB_INLINE IntReg intSet1(int32_t x) { return vdupq_n_s32(x); }
  static AB_INLINE IntReg intAdd(IntReg a, IntReg b) { return vaddq_s32(a, b); }
  static AB_INLINE IntReg intSub(IntReg a, IntReg b) { return vsubq_s32(a, b); }
  static AB_INLINE IntReg intAnd(IntReg a, IntReg b) { return vandq_s32(a, b); }
  static AB_INLINE IntReg intOr(IntReg a, IntReg b) { return vorrq_s32(a, b); }
  static AB_INLINE IntReg intXor(IntReg a, IntReg b) { return veorq_s32(a, b); }
  template <int k>
  static AB_INLINE IntReg shiftLeft(IntReg a) {
    return vshlq_n_s32(a, k);
  }
  template <int k>
  static AB_INLINE IntReg shiftRight(IntReg a) {
    return vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(a), k));
  }
  static AB_INLINE IntReg truncToInt(Reg v) { return vcvtq_s32_f32(v); }
  static AB_INLINE IntReg toInt(Reg v) { return vcvtnq_s32_f32(v); }
  static AB_INLINE Reg fromInt(IntReg v) { return vcvtq_f32_s32(v); }
  static AB_INLINE Reg loadInt32(const int32_t* p) { return vcvtq_f32_s32(vld1q_s32(p)); }
  static AB_INLINE void storeInt32(int32_t* p, Reg v) { vst1q_s32(p, vcvtq_s32_f32(v)); }
  static AB_INLINE Reg loadUint8(const uint8_t* p) { return vcvtq_f32_u32(load4(p)); }

  static AB_INLINE float reduceAdd(Reg v) { return vaddvq_f32(v); }
  static AB_INLINE float reduceMin(Reg v) {
    const Reg w = min(v, vextq_f32(v, v, 2));
    const float a = vgetq_lane_f32(w, 0), b = vgetq_lane_f32(w, 1);
    return a < b ? a : b;
  }
  static AB_INLINE float reduceMax(Reg v) {
    const Reg w = max(v, vextq_f32(v, v, 2));
    const float a = vgetq_lane_f32(w, 0), b = vgetq_lane_f32(w, 1);
    return a > b ? a : b;
  }
  static AB_INLINE Reg zipLow(Reg a, Reg b) { return vzip1q_f32(a, b); }
  static AB_INLINE Reg zipHigh(Reg a, Reg b) { return vzip2q_f32(a, b); }

 private:
  static AB_INLINE uint32x4_t load4(const uint8_t* p) {
    uint32_t four;
    std::memcpy(&four, p, 4);
    return vmovl_u16(vget_low_u16(vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(four)))));
  }
};

template <>
struct Simd<double> : Tails<Simd<double>, double> {
  using Scalar = double;
  using IntScalar = int64_t;
  using Reg = float64x2_t;
  using Mask = uint64x2_t;
  using IntReg = int64x2_t;
  static constexpr int width = 2;
  static constexpr int registers = 32;

  static AB_INLINE Reg load(const double* p) { return vld1q_f64(p); }
  static AB_INLINE void store(double* p, Reg v) { vst1q_f64(p, v); }
  static AB_INLINE Reg loadPartial(const double* p, int64_t n) {
    if (n >= width) return load(p);
    return n > 0 ? vld1q_lane_f64(p, zero(), 0) : zero();
  }
  static AB_INLINE void storePartial(double* p, Reg v, int64_t n) {
    if (n >= width) store(p, v);
    else if (n > 0) vst1q_lane_f64(p, v, 0);
  }
  static AB_INLINE Reg set1(double x) { return vdupq_n_f64(x); }
  static AB_INLINE Reg zero() { return vdupq_n_f64(0); }

  static AB_INLINE Reg add(Reg a, Reg b) { return vaddq_f64(a, b); }
  static AB_INLINE Reg sub(Reg a, Reg b) { return vsubq_f64(a, b); }
  static AB_INLINE Reg mul(Reg a, Reg b) { return vmulq_f64(a, b); }
  static AB_INLINE Reg div(Reg a, Reg b) { return vdivq_f64(a, b); }
  static AB_INLINE Reg fma(Reg a, Reg b, Reg c) { return vfmaq_f64(c, a, b); }
  static AB_INLINE Reg fnma(Reg a, Reg b, Reg c) { return vfmsq_f64(c, a, b); }
  static AB_INLINE Reg min(Reg a, Reg b) { return vbslq_f64(vcltq_f64(a, b), a, b); }
  static AB_INLINE Reg max(Reg a, Reg b) { return vbslq_f64(vcgtq_f64(a, b), a, b); }
  static AB_INLINE Reg sqrt(Reg v) { return vsqrtq_f64(v); }
  static AB_INLINE Reg abs(Reg v) { return vabsq_f64(v); }
  static AB_INLINE Reg neg(Reg v) { return vnegq_f64(v); }
  static AB_INLINE Reg copySign(Reg magnitude, Reg sign) {
    return vbslq_f64(vdupq_n_u64(0x8000000000000000u), sign, magnitude);
  }
  static AB_INLINE Reg round(Reg v) { return vrndnq_f64(v); }
  static AB_INLINE Reg floor(Reg v) { return vrndmq_f64(v); }
  static AB_INLINE Reg ceil(Reg v) { return vrndpq_f64(v); }
  static AB_INLINE Reg trunc(Reg v) { return vrndq_f64(v); }

  static AB_INLINE Mask lt(Reg a, Reg b) { return vcltq_f64(a, b); }
  static AB_INLINE Mask le(Reg a, Reg b) { return vcleq_f64(a, b); }
  static AB_INLINE Mask gt(Reg a, Reg b) { return vcgtq_f64(a, b); }
  static AB_INLINE Mask ge(Reg a, Reg b) { return vcgeq_f64(a, b); }
  static AB_INLINE Mask eq(Reg a, Reg b) { return vceqq_f64(a, b); }
  static AB_INLINE Mask ne(Reg a, Reg b) { return maskNot(vceqq_f64(a, b)); }
  static AB_INLINE Reg select(Mask m, Reg a, Reg b) { return vbslq_f64(m, a, b); }
  static AB_INLINE Mask maskAnd(Mask a, Mask b) { return vandq_u64(a, b); }
  static AB_INLINE Mask maskOr(Mask a, Mask b) { return vorrq_u64(a, b); }
  static AB_INLINE Mask maskXor(Mask a, Mask b) { return veorq_u64(a, b); }
  static AB_INLINE Mask maskNot(Mask a) { return veorq_u64(a, vdupq_n_u64(~uint64_t{0})); }
  static AB_INLINE Mask maskFirst(int64_t n) {
    constexpr int64_t kLanes[2] = {0, 1};
    return vcltq_s64(vld1q_s64(kLanes), vdupq_n_s64(n));
  }
  static AB_INLINE bool maskAny(Mask a) { return (vgetq_lane_u64(a, 0) | vgetq_lane_u64(a, 1)) != 0; }
  static AB_INLINE Mask loadMask(const uint8_t* p) { return vcgtq_u64(load2(p), vdupq_n_u64(0)); }
  static AB_INLINE void storeMask(uint8_t* p, Mask m) {
    p[0] = static_cast<uint8_t>(vgetq_lane_u64(m, 0) & 1);
    p[1] = static_cast<uint8_t>(vgetq_lane_u64(m, 1) & 1);
  }

  static AB_INLINE IntReg bits(Reg v) { return vreinterpretq_s64_f64(v); }
  static AB_INLINE Reg fromBits(IntReg v) { return vreinterpretq_f64_s64(v); }
  static AB_INLINE IntReg intSet1(int64_t x) { return vdupq_n_s64(x); }
  static AB_INLINE IntReg intAdd(IntReg a, IntReg b) { return vaddq_s64(a, b); }
  static AB_INLINE IntReg intSub(IntReg a, IntReg b) { return vsubq_s64(a, b); }
  static AB_INLINE IntReg intAnd(IntReg a, IntReg b) { return vandq_s64(a, b); }
  static AB_INLINE IntReg intOr(IntReg a, IntReg b) { return vorrq_s64(a, b); }
  static AB_INLINE IntReg intXor(IntReg a, IntReg b) { return veorq_s64(a, b); }
  template <int k>
  static AB_INLINE IntReg shiftLeft(IntReg a) {
    return vshlq_n_s64(a, k);
  }
  template <int k>
  static AB_INLINE IntReg shiftRight(IntReg a) {
    return vreinterpretq_s64_u64(vshrq_n_u64(vreinterpretq_u64_s64(a), k));
  }
  static AB_INLINE IntReg truncToInt(Reg v) { return vcvtq_s64_f64(v); }
  static AB_INLINE IntReg toInt(Reg v) { return vcvtnq_s64_f64(v); }
  static AB_INLINE Reg fromInt(IntReg v) { return vcvtq_f64_s64(v); }
  static AB_INLINE Reg loadInt32(const int32_t* p) { return vcvtq_f64_s64(vmovl_s32(vld1_s32(p))); }
  static AB_INLINE void storeInt32(int32_t* p, Reg v) { vst1_s32(p, vmovn_s64(vcvtq_s64_f64(v))); }
  static AB_INLINE Reg loadUint8(const uint8_t* p) { return vcvtq_f64_u64(load2(p)); }

  static AB_INLINE double reduceAdd(Reg v) { return vaddvq_f64(v); }
  static AB_INLINE double reduceMin(Reg v) {
    const double a = vgetq_lane_f64(v, 0), b = vgetq_lane_f64(v, 1);
    return a < b ? a : b;
  }
  static AB_INLINE double reduceMax(Reg v) {
    const double a = vgetq_lane_f64(v, 0), b = vgetq_lane_f64(v, 1);
    return a > b ? a : b;
  }
  static AB_INLINE Reg zipLow(Reg a, Reg b) { return vzip1q_f64(a, b); }
  static AB_INLINE Reg zipHigh(Reg a, Reg b) { return vzip2q_f64(a, b); }

 private:
  static AB_INLINE uint64x2_t load2(const uint8_t* p) { return vcombine_u64(vcreate_u64(p[0]), vcreate_u64(p[1])); }
};

}  // namespace ab::neon

#endif
