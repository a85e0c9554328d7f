// Simd<T> on AVX2 + FMA. The contract is at the top of generic.h.
#pragma once

#include <cstdint>
#include <cstring>

#include "region.h"

#if AB_X86

namespace ab::avx2 {
// maskload needs its mask in memory or a register: n ones read from the right place of one table.
alignas(64) inline constexpr int32_t kFirst32[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
alignas(64) inline constexpr int64_t kFirst64[8] = {-1, -1, -1, -1, 0, 0, 0, 0};
}  // namespace ab::avx2

AB_REGION_BEGIN(AB_TARGET_AVX2)
namespace ab::avx2 {

#include "tails.inc"

template <class T>
struct Simd;

template <>
struct Simd<float> : Tails<Simd<float>, float> {
  using Scalar = float;
  using IntScalar = int32_t;
  using Reg = __m256;
  using Mask = __m256;
  using IntReg = __m256i;
  static constexpr int width = 8;
  static constexpr int registers = 16;

  static AB_INLINE Reg load(const float* p) { return _mm256_loadu_ps(p); }
  static AB_INLINE void store(float* p, Reg v) { _mm256_storeu_ps(p, v); }
  static AB_INLINE Reg loadPartial(const float* p, int64_t n) { return _mm256_maskload_ps(p, firstBits(n)); }
  static AB_INLINE void storePartial(float* p, Reg v, int64_t n) { _mm256_maskstore_ps(p, firstBits(n), v); }
  static AB_INLINE Reg set1(float x) { return _mm256_set1_ps(x); }
  static AB_INLINE Reg zero() { return _mm256_setzero_ps(); }

  static AB_INLINE Reg add(Reg a, Reg b) { return _mm256_add_ps(a, b); }
  static AB_INLINE Reg sub(Reg a, Reg b) { return _mm256_sub_ps(a, b); }
  static AB_INLINE Reg mul(Reg a, Reg b) { return _mm256_mul_ps(a, b); }
  static AB_INLINE Reg div(Reg a, Reg b) { return _mm256_div_ps(a, b); }
  static AB_INLINE Reg fma(Reg a, Reg b, Reg c) { return _mm256_fmadd_ps(a, b, c); }
  static AB_INLINE Reg fnma(Reg a, Reg b, Reg c) { return _mm256_fnmadd_ps(a, b, c); }
  static AB_INLINE Reg min(Reg a, Reg b) { return _mm256_min_ps(a, b); }
  static AB_INLINE Reg max(Reg a, Reg b) { return _mm256_max_ps(a, b); }
  static AB_INLINE Reg sqrt(Reg v) { return _mm256_sqrt_ps(v); }
  static AB_INLINE Reg abs(Reg v) { return _mm256_andnot_ps(set1(-0.0f), v); }
  static AB_INLINE Reg neg(Reg v) { return _mm256_xor_ps(set1(-0.0f), v); }
  static AB_INLINE Reg copySign(Reg magnitude, Reg sign) {
    return _mm256_or_ps(abs(magnitude), _mm256_and_ps(set1(-0.0f), sign));
  }
  static AB_INLINE Reg round(Reg v) { return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  static AB_INLINE Reg floor(Reg v) { return _mm256_round_ps(v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
  static AB_INLINE Reg ceil(Reg v) { return _mm256_round_ps(v, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
  static AB_INLINE Reg trunc(Reg v) { return _mm256_round_ps(v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }

  static AB_INLINE Mask lt(Reg a, Reg b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
  static AB_INLINE Mask le(Reg a, Reg b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
  static AB_INLINE Mask gt(Reg a, Reg b) { return _mm256_cmp_ps(a, b, _CMP_GT_OQ); }
  static AB_INLINE Mask ge(Reg a, Reg b) { return _mm256_cmp_ps(a, b, _CMP_GE_OQ); }
  static AB_INLINE Mask eq(Reg a, Reg b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
  static AB_INLINE Mask ne(Reg a, Reg b) { return _mm256_cmp_ps(a, b, _CMP_NEQ_UQ); }
  static AB_INLINE Reg select(Mask m, Reg a, Reg b) { return _mm256_blendv_ps(b, a, m); }
  static AB_INLINE Mask maskAnd(Mask a, Mask b) { return _mm256_and_ps(a, b); }
  static AB_INLINE Mask maskOr(Mask a, Mask b) { return _mm256_or_ps(a, b); }
  static AB_INLINE Mask maskXor(Mask a, Mask b) { return _mm256_xor_ps(a, b); }
  static AB_INLINE Mask maskNot(Mask a) { return _mm256_xor_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(-1))); }
  static AB_INLINE Mask maskFirst(int64_t n) { return _mm256_castsi256_ps(firstBits(n)); }
  static AB_INLINE bool maskAny(Mask a) { return _mm256_movemask_ps(a) != 0; }
  static AB_INLINE Mask loadMask(const uint8_t* p) {
    const IntReg wide = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
    return _mm256_castsi256_ps(_mm256_cmpgt_epi32(wide, _mm256_setzero_si256()));
  }
  static AB_INLINE void storeMask(uint8_t* p, Mask m) {
    const IntReg ones = _mm256_srli_epi32(_mm256_castps_si256(m), 31);
    const __m128i half = _mm_packs_epi32(_mm256_castsi256_si128(ones), _mm256_extracti128_si256(ones, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(half, half));
  }

  static AB_INLINE IntReg bits(Reg v) { return _mm256_castps_si256(v); }
  static AB_INLINE Reg fromBits(IntReg v) { return _mm256_castsi256_ps(v); }
  static AB_INLINE IntReg intSet1(int32_t x) { return _mm256_set1_epi32(x); }
  static AB_INLINE IntReg intAdd(IntReg a, IntReg b) { return _mm256_add_epi32(a, b); }
  static AB_INLINE IntReg intSub(IntReg a, IntReg b) { return _mm256_sub_epi32(a, b); }
  static AB_INLINE IntReg intAnd(IntReg a, IntReg b) { return _mm256_and_si256(a, b); }
  static AB_INLINE IntReg intOr(IntReg a, IntReg b) { return _mm256_or_si256(a, b); }
  static AB_INLINE IntReg intXor(IntReg a, IntReg b) { return _mm256_xor_si256(a, b); }
  template <int k>
  static AB_INLINE IntReg shiftLeft(IntReg a) {
    return _mm256_slli_epi32(a, k);
  }
  template <int k>
  static AB_INLINE IntReg shiftRight(IntReg a) {
    return _mm256_srli_epi32(a, k);
  }
  static AB_INLINE IntReg truncToInt(Reg v) { return _mm256_cvttps_epi32(v); }
  static AB_INLINE IntReg toInt(Reg v) { return _mm256_cvtps_epi32(v); }
  static AB_INLINE Reg fromInt(IntReg v) { return _mm256_cvtepi32_ps(v); }
  static AB_INLINE Reg loadInt32(const int32_t* p) {
    return _mm256_cvtepi32_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static AB_INLINE void storeInt32(int32_t* p, Reg v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm256_cvttps_epi32(v));
  }
  static AB_INLINE Reg loadUint8(const uint8_t* p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
  }

  static AB_INLINE float reduceAdd(Reg v) {
    __m128 x = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    x = _mm_add_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_add_ss(x, _mm_movehdup_ps(x)));
  }
  static AB_INLINE float reduceMin(Reg v) {
    __m128 x = _mm_min_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    x = _mm_min_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_min_ss(x, _mm_movehdup_ps(x)));
  }
  static AB_INLINE float reduceMax(Reg v) {
    __m128 x = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    x = _mm_max_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_max_ss(x, _mm_movehdup_ps(x)));
  }
  static AB_INLINE Reg zipLow(Reg a, Reg b) {
    return _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x20);
  }
  static AB_INLINE Reg zipHigh(Reg a, Reg b) {
    return _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x31);
  }

 private:
  static AB_INLINE IntReg firstBits(int64_t n) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kFirst32 + width - n));
  }
};

template <>
struct Simd<double> : Tails<Simd<double>, double> {
  using Scalar = double;
  using IntScalar = int64_t;
  using Reg = __m256d;
  using Mask = __m256d;
  using IntReg = __m256i;
  static constexpr int width = 4;
  static constexpr int registers = 16;

  static AB_INLINE Reg load(const double* p) { return _mm256_loadu_pd(p); }
  static AB_INLINE void store(double* p, Reg v) { _mm256_storeu_pd(p, v); }
  static AB_INLINE Reg loadPartial(const double* p, int64_t n) { return _mm256_maskload_pd(p, firstBits(n)); }
  static AB_INLINE void storePartial(double* p, Reg v, int64_t n) { _mm256_maskstore_pd(p, firstBits(n), v); }
  static AB_INLINE Reg set1(double x) { return _mm256_set1_pd(x); }
  static AB_INLINE Reg zero() { return _mm256_setzero_pd(); }

  static AB_INLINE Reg add(Reg a, Reg b) { return _mm256_add_pd(a, b); }
  static AB_INLINE Reg sub(Reg a, Reg b) { return _mm256_sub_pd(a, b); }
  static AB_INLINE Reg mul(Reg a, Reg b) { return _mm256_mul_pd(a, b); }
  static AB_INLINE Reg div(Reg a, Reg b) { return _mm256_div_pd(a, b); }
  static AB_INLINE Reg fma(Reg a, Reg b, Reg c) { return _mm256_fmadd_pd(a, b, c); }
  static AB_INLINE Reg fnma(Reg a, Reg b, Reg c) { return _mm256_fnmadd_pd(a, b, c); }
  static AB_INLINE Reg min(Reg a, Reg b) { return _mm256_min_pd(a, b); }
  static AB_INLINE Reg max(Reg a, Reg b) { return _mm256_max_pd(a, b); }
  static AB_INLINE Reg sqrt(Reg v) { return _mm256_sqrt_pd(v); }
  static AB_INLINE Reg abs(Reg v) { return _mm256_andnot_pd(set1(-0.0), v); }
  static AB_INLINE Reg neg(Reg v) { return _mm256_xor_pd(set1(-0.0), v); }
  static AB_INLINE Reg copySign(Reg magnitude, Reg sign) {
    return _mm256_or_pd(abs(magnitude), _mm256_and_pd(set1(-0.0), sign));
  }
  static AB_INLINE Reg round(Reg v) { return _mm256_round_pd(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  static AB_INLINE Reg floor(Reg v) { return _mm256_round_pd(v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
  static AB_INLINE Reg ceil(Reg v) { return _mm256_round_pd(v, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
  static AB_INLINE Reg trunc(Reg v) { return _mm256_round_pd(v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }

  static AB_INLINE Mask lt(Reg a, Reg b) { return _mm256_cmp_pd(a, b, _CMP_LT_OQ); }
  static AB_INLINE Mask le(Reg a, Reg b) { return _mm256_cmp_pd(a, b, _CMP_LE_OQ); }
  static AB_INLINE Mask gt(Reg a, Reg b) { return _mm256_cmp_pd(a, b, _CMP_GT_OQ); }
  static AB_INLINE Mask ge(Reg a, Reg b) { return _mm256_cmp_pd(a, b, _CMP_GE_OQ); }
  static AB_INLINE Mask eq(Reg a, Reg b) { return _mm256_cmp_pd(a, b, _CMP_EQ_OQ); }
  static AB_INLINE Mask ne(Reg a, Reg b) { return _mm256_cmp_pd(a, b, _CMP_NEQ_UQ); }
  static AB_INLINE Reg select(Mask m, Reg a, Reg b) { return _mm256_blendv_pd(b, a, m); }
  static AB_INLINE Mask maskAnd(Mask a, Mask b) { return _mm256_and_pd(a, b); }
  static AB_INLINE Mask maskOr(Mask a, Mask b) { return _mm256_or_pd(a, b); }
  static AB_INLINE Mask maskXor(Mask a, Mask b) { return _mm256_xor_pd(a, b); }
  static AB_INLINE Mask maskNot(Mask a) { return _mm256_xor_pd(a, _mm256_castsi256_pd(_mm256_set1_epi32(-1))); }
  static AB_INLINE Mask maskFirst(int64_t n) { return _mm256_castsi256_pd(firstBits(n)); }
  static AB_INLINE bool maskAny(Mask a) { return _mm256_movemask_pd(a) != 0; }
  static AB_INLINE Mask loadMask(const uint8_t* p) {
    const IntReg wide = _mm256_cvtepu8_epi64(load4(p));
    return _mm256_castsi256_pd(_mm256_cmpgt_epi64(wide, _mm256_setzero_si256()));
  }
  static AB_INLINE void storeMask(uint8_t* p, Mask m) {
    const uint32_t b = static_cast<uint32_t>(_mm256_movemask_pd(m));
    const uint32_t bytes = (b & 1) | (b & 2) << 7 | (b & 4) << 14 | (b & 8) << 21;
    std::memcpy(p, &bytes, 4);
  }

  static AB_INLINE IntReg bits(Reg v) { return _mm256_castpd_si256(v); }
  static AB_INLINE Reg fromBits(IntReg v) { return _mm256_castsi256_pd(v); }
  static AB_INLINE IntReg intSet1(int64_t x) { return _mm256_set1_epi64x(x); }
  static AB_INLINE IntReg intAdd(IntReg a, IntReg b) { return _mm256_add_epi64(a, b); }
  static AB_INLINE IntReg intSub(IntReg a, IntReg b) { return _mm256_sub_epi64(a, b); }
  static AB_INLINE IntReg intAnd(IntReg a, IntReg b) { return _mm256_and_si256(a, b); }
  static AB_INLINE IntReg intOr(IntReg a, IntReg b) { return _mm256_or_si256(a, b); }
  static AB_INLINE IntReg intXor(IntReg a, IntReg b) { return _mm256_xor_si256(a, b); }
  template <int k>
  static AB_INLINE IntReg shiftLeft(IntReg a) {
    return _mm256_slli_epi64(a, k);
  }
  template <int k>
  static AB_INLINE IntReg shiftRight(IntReg a) {
    return _mm256_srli_epi64(a, k);
  }
  // AVX2 has no double-to-int64 conversion. Adding 1.5 * 2^52 leaves the rounded integer in the low mantissa bits.
  static AB_INLINE IntReg toInt(Reg v) { return intSub(bits(add(v, magic())), bits(magic())); }
  static AB_INLINE IntReg truncToInt(Reg v) { return toInt(trunc(v)); }
  static AB_INLINE Reg fromInt(IntReg v) { return sub(fromBits(intAdd(v, bits(magic()))), magic()); }
  static AB_INLINE Reg loadInt32(const int32_t* p) {
    return _mm256_cvtepi32_pd(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static AB_INLINE void storeInt32(int32_t* p, Reg v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvttpd_epi32(v));
  }
  static AB_INLINE Reg loadUint8(const uint8_t* p) { return _mm256_cvtepi32_pd(_mm_cvtepu8_epi32(load4(p))); }

  static AB_INLINE double reduceAdd(Reg v) {
    const __m128d x = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
    return _mm_cvtsd_f64(_mm_add_sd(x, _mm_unpackhi_pd(x, x)));
  }
  static AB_INLINE double reduceMin(Reg v) {
    const __m128d x = _mm_min_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
    return _mm_cvtsd_f64(_mm_min_sd(x, _mm_unpackhi_pd(x, x)));
  }
  static AB_INLINE double reduceMax(Reg v) {
    const __m128d x = _mm_max_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
    return _mm_cvtsd_f64(_mm_max_sd(x, _mm_unpackhi_pd(x, x)));
  }
  static AB_INLINE Reg zipLow(Reg a, Reg b) {
    return _mm256_permute2f128_pd(_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b), 0x20);
  }
  static AB_INLINE Reg zipHigh(Reg a, Reg b) {
    return _mm256_permute2f128_pd(_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b), 0x31);
  }

 private:
  static AB_INLINE Reg magic() { return set1(6755399441055744.0); }
  static AB_INLINE IntReg firstBits(int64_t n) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kFirst64 + width - n));
  }
  static AB_INLINE __m128i load4(const uint8_t* p) {
    int32_t four;
    std::memcpy(&four, p, 4);
    return _mm_cvtsi32_si128(four);
  }
};

}  // namespace ab::avx2
AB_REGION_END

#endif
