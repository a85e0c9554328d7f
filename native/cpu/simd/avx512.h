// Simd<T> on AVX-512 (F, DQ, BW, VL). The contract is at the top of generic.h.
#pragma once

#include <cstdint>
#include <cstring>

#include "region.h"

#if AB_X86

AB_REGION_BEGIN(AB_TARGET_AVX512)
namespace ab::avx512 {

#include "tails.inc"

// Some intrinsics below take the zero-masking form with every lane on. It compiles to the plain instruction; the plain form reads
// an "undefined" register in GCC 12's headers, which then warn about it wherever they are inlined.

template <class T>
struct Simd;

template <>
struct Simd<float> : Tails<Simd<float>, float> {
  using Scalar = float;
  using IntScalar = int32_t;
  using Reg = __m512;
  using Mask = __mmask16;
  using IntReg = __m512i;
  static constexpr int width = 16;
  static constexpr int registers = 32;

  static AB_INLINE Reg load(const float* p) { return _mm512_loadu_ps(p); }
  static AB_INLINE void store(float* p, Reg v) { _mm512_storeu_ps(p, v); }
  static AB_INLINE Reg loadPartial(const float* p, int64_t n) { return _mm512_maskz_loadu_ps(maskFirst(n), p); }
  static AB_INLINE void storePartial(float* p, Reg v, int64_t n) { _mm512_mask_storeu_ps(p, maskFirst(n), v); }
  static AB_INLINE Reg set1(float x) { return _mm512_set1_ps(x); }
  static AB_INLINE Reg zero() { return _mm512_setzero_ps(); }

  static AB_INLINE Reg add(Reg a, Reg b) { return _mm512_add_ps(a, b); }
  static AB_INLINE Reg sub(Reg a, Reg b) { return _mm512_sub_ps(a, b); }
  static AB_INLINE Reg mul(Reg a, Reg b) { return _mm512_mul_ps(a, b); }
  static AB_INLINE Reg div(Reg a, Reg b) { return _mm512_div_ps(a, b); }
  static AB_INLINE Reg fma(Reg a, Reg b, Reg c) { return _mm512_fmadd_ps(a, b, c); }
  static AB_INLINE Reg fnma(Reg a, Reg b, Reg c) { return _mm512_fnmadd_ps(a, b, c); }
  static AB_INLINE Reg min(Reg a, Reg b) { return _mm512_maskz_min_ps(kAll, a, b); }
  static AB_INLINE Reg max(Reg a, Reg b) { return _mm512_maskz_max_ps(kAll, a, b); }
  static AB_INLINE Reg sqrt(Reg v) { return _mm512_maskz_sqrt_ps(kAll, v); }
  static AB_INLINE Reg abs(Reg v) { return _mm512_andnot_ps(set1(-0.0f), v); }
  static AB_INLINE Reg neg(Reg v) { return _mm512_xor_ps(set1(-0.0f), v); }
  static AB_INLINE Reg copySign(Reg magnitude, Reg sign) {
    return _mm512_or_ps(abs(magnitude), _mm512_and_ps(set1(-0.0f), sign));
  }
  static AB_INLINE Reg round(Reg v) {
    return _mm512_maskz_roundscale_ps(kAll, v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static AB_INLINE Reg floor(Reg v) { return _mm512_maskz_roundscale_ps(kAll, v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
  static AB_INLINE Reg ceil(Reg v) { return _mm512_maskz_roundscale_ps(kAll, v, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
  static AB_INLINE Reg trunc(Reg v) { return _mm512_maskz_roundscale_ps(kAll, v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }

  static AB_INLINE Mask lt(Reg a, Reg b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
  static AB_INLINE Mask le(Reg a, Reg b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
  static AB_INLINE Mask gt(Reg a, Reg b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
  static AB_INLINE Mask ge(Reg a, Reg b) { return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ); }
  static AB_INLINE Mask eq(Reg a, Reg b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
  static AB_INLINE Mask ne(Reg a, Reg b) { return _mm512_cmp_ps_mask(a, b, _CMP_NEQ_UQ); }
  static AB_INLINE Reg select(Mask m, Reg a, Reg b) { return _mm512_mask_blend_ps(m, b, a); }
  static AB_INLINE Mask maskAnd(Mask a, Mask b) { return static_cast<Mask>(a & b); }
  static AB_INLINE Mask maskOr(Mask a, Mask b) { return static_cast<Mask>(a | b); }
  static AB_INLINE Mask maskXor(Mask a, Mask b) { return static_cast<Mask>(a ^ b); }
  static AB_INLINE Mask maskNot(Mask a) { return static_cast<Mask>(~a); }
  static AB_INLINE Mask maskFirst(int64_t n) { return static_cast<Mask>((1u << n) - 1u); }
  static AB_INLINE bool maskAny(Mask a) { return a != 0; }
  static AB_INLINE Mask loadMask(const uint8_t* p) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    return _mm_test_epi8_mask(v, v);
  }
  static AB_INLINE void storeMask(uint8_t* p, Mask m) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_maskz_set1_epi8(m, 1));
  }

  static AB_INLINE IntReg bits(Reg v) { return _mm512_castps_si512(v); }
  static AB_INLINE Reg fromBits(IntReg v) { return _mm512_castsi512_ps(v); }
  static AB_INLINE IntReg intSet1(int32_t x) { return _mm512_set1_epi32(x); }
  static AB_INLINE IntReg intAdd(IntReg a, IntReg b) { return _mm512_add_epi32(a, b); }
  static AB_INLINE IntReg intSub(IntReg a, IntReg b) { return _mm512_sub_epi32(a, b); }
  static AB_INLINE IntReg intAnd(IntReg a, IntReg b) { return _mm512_and_si512(a, b); }
  static AB_INLINE IntReg intOr(IntReg a, IntReg b) { return _mm512_or_si512(a, b); }
  static AB_INLINE IntReg intXor(IntReg a, IntReg b) { return _mm512_xor_si512(a, b); }
  template <int k>
  static AB_INLINE IntReg shiftLeft(IntReg a) {
    return _mm512_maskz_slli_epi32(kAll, a, k);
  }
  template <int k>
  static AB_INLINE IntReg shiftRight(IntReg a) {
    return _mm512_maskz_srli_epi32(kAll, a, k);
  }
  static AB_INLINE IntReg truncToInt(Reg v) { return _mm512_maskz_cvttps_epi32(kAll, v); }
  static AB_INLINE IntReg toInt(Reg v) { return _mm512_maskz_cvtps_epi32(kAll, v); }
  static AB_INLINE Reg fromInt(IntReg v) { return _mm512_maskz_cvtepi32_ps(kAll, v); }
  static AB_INLINE Reg loadInt32(const int32_t* p) { return _mm512_maskz_cvtepi32_ps(kAll, _mm512_loadu_si512(p)); }
  static AB_INLINE void storeInt32(int32_t* p, Reg v) { _mm512_storeu_si512(p, _mm512_maskz_cvttps_epi32(kAll, v)); }
  static AB_INLINE Reg loadUint8(const uint8_t* p) {
    return _mm512_maskz_cvtepi32_ps(kAll, _mm512_maskz_cvtepu8_epi32(kAll, _mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
  }

  static AB_INLINE float reduceAdd(Reg v) {
    const __m256 y = _mm256_add_ps(half<0>(v), half<1>(v));
    __m128 x = _mm_add_ps(_mm256_castps256_ps128(y), _mm256_extractf128_ps(y, 1));
    x = _mm_add_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_add_ss(x, _mm_movehdup_ps(x)));
  }
  static AB_INLINE float reduceMin(Reg v) {
    const __m256 y = _mm256_min_ps(half<0>(v), half<1>(v));
    __m128 x = _mm_min_ps(_mm256_castps256_ps128(y), _mm256_extractf128_ps(y, 1));
    x = _mm_min_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_min_ss(x, _mm_movehdup_ps(x)));
  }
  static AB_INLINE float reduceMax(Reg v) {
    const __m256 y = _mm256_max_ps(half<0>(v), half<1>(v));
    __m128 x = _mm_max_ps(_mm256_castps256_ps128(y), _mm256_extractf128_ps(y, 1));
    x = _mm_max_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_max_ss(x, _mm_movehdup_ps(x)));
  }
  static AB_INLINE Reg zipLow(Reg a, Reg b) {
    const IntReg order = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutex2var_ps(a, order, b);
  }
  static AB_INLINE Reg zipHigh(Reg a, Reg b) {
    const IntReg order = _mm512_set_epi32(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8);
    return _mm512_permutex2var_ps(a, order, b);
  }

 private:
  static constexpr Mask kAll = 0xffff;
  template <int side>
  static AB_INLINE __m256 half(Reg v) {
    return _mm512_maskz_extractf32x8_ps(0xff, v, side);
  }
};

template <>
struct Simd<double> : Tails<Simd<double>, double> {
  using Scalar = double;
  using IntScalar = int64_t;
  using Reg = __m512d;
  using Mask = __mmask8;
  using IntReg = __m512i;
  static constexpr int width = 8;
  static constexpr int registers = 32;

  static AB_INLINE Reg load(const double* p) { return _mm512_loadu_pd(p); }
  static AB_INLINE void store(double* p, Reg v) { _mm512_storeu_pd(p, v); }
  static AB_INLINE Reg loadPartial(const double* p, int64_t n) { return _mm512_maskz_loadu_pd(maskFirst(n), p); }
  static AB_INLINE void storePartial(double* p, Reg v, int64_t n) { _mm512_mask_storeu_pd(p, maskFirst(n), v); }
  static AB_INLINE Reg set1(double x) { return _mm512_set1_pd(x); }
  static AB_INLINE Reg zero() { return _mm512_setzero_pd(); }

  static AB_INLINE Reg add(Reg a, Reg b) { return _mm512_add_pd(a, b); }
  static AB_INLINE Reg sub(Reg a, Reg b) { return _mm512_sub_pd(a, b); }
  static AB_INLINE Reg mul(Reg a, Reg b) { return _mm512_mul_pd(a, b); }
  static AB_INLINE Reg div(Reg a, Reg b) { return _mm512_div_pd(a, b); }
  static AB_INLINE Reg fma(Reg a, Reg b, Reg c) { return _mm512_fmadd_pd(a, b, c); }
  static AB_INLINE Reg fnma(Reg a, Reg b, Reg c) { return _mm512_fnmadd_pd(a, b, c); }
  static AB_INLINE Reg min(Reg a, Reg b) { return _mm512_maskz_min_pd(kAll, a, b); }
  static AB_INLINE Reg max(Reg a, Reg b) { return _mm512_maskz_max_pd(kAll, a, b); }
  static AB_INLINE Reg sqrt(Reg v) { return _mm512_maskz_sqrt_pd(kAll, v); }
  static AB_INLINE Reg abs(Reg v) { return _mm512_andnot_pd(set1(-0.0), v); }
  static AB_INLINE Reg neg(Reg v) { return _mm512_xor_pd(set1(-0.0), v); }
  static AB_INLINE Reg copySign(Reg magnitude, Reg sign) {
    return _mm512_or_pd(abs(magnitude), _mm512_and_pd(set1(-0.0), sign));
  }
  static AB_INLINE Reg round(Reg v) {
    return _mm512_maskz_roundscale_pd(kAll, v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static AB_INLINE Reg floor(Reg v) { return _mm512_maskz_roundscale_pd(kAll, v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
  static AB_INLINE Reg ceil(Reg v) { return _mm512_maskz_roundscale_pd(kAll, v, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
  static AB_INLINE Reg trunc(Reg v) { return _mm512_maskz_roundscale_pd(kAll, v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }

  static AB_INLINE Mask lt(Reg a, Reg b) { return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ); }
  static AB_INLINE Mask le(Reg a, Reg b) { return _mm512_cmp_pd_mask(a, b, _CMP_LE_OQ); }
  static AB_INLINE Mask gt(Reg a, Reg b) { return _mm512_cmp_pd_mask(a, b, _CMP_GT_OQ); }
  static AB_INLINE Mask ge(Reg a, Reg b) { return _mm512_cmp_pd_mask(a, b, _CMP_GE_OQ); }
  static AB_INLINE Mask eq(Reg a, Reg b) { return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ); }
  static AB_INLINE Mask ne(Reg a, Reg b) { return _mm512_cmp_pd_mask(a, b, _CMP_NEQ_UQ); }
  static AB_INLINE Reg select(Mask m, Reg a, Reg b) { return _mm512_mask_blend_pd(m, b, a); }
  static AB_INLINE Mask maskAnd(Mask a, Mask b) { return static_cast<Mask>(a & b); }
  static AB_INLINE Mask maskOr(Mask a, Mask b) { return static_cast<Mask>(a | b); }
  static AB_INLINE Mask maskXor(Mask a, Mask b) { return static_cast<Mask>(a ^ b); }
  static AB_INLINE Mask maskNot(Mask a) { return static_cast<Mask>(~a); }
  static AB_INLINE Mask maskFirst(int64_t n) { return static_cast<Mask>((1u << n) - 1u); }
  static AB_INLINE bool maskAny(Mask a) { return a != 0; }
  static AB_INLINE Mask loadMask(const uint8_t* p) {
    const __m128i v = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
    return static_cast<Mask>(_mm_test_epi8_mask(v, v));
  }
  static AB_INLINE void storeMask(uint8_t* p, Mask m) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_maskz_set1_epi8(m, 1));
  }

  static AB_INLINE IntReg bits(Reg v) { return _mm512_castpd_si512(v); }
  static AB_INLINE Reg fromBits(IntReg v) { return _mm512_castsi512_pd(v); }
  static AB_INLINE IntReg intSet1(int64_t x) { return _mm512_set1_epi64(x); }
  static AB_INLINE IntReg intAdd(IntReg a, IntReg b) { return _mm512_add_epi64(a, b); }
  static AB_INLINE IntReg intSub(IntReg a, IntReg b) { return _mm512_sub_epi64(a, b); }
  static AB_INLINE IntReg intAnd(IntReg a, IntReg b) { return _mm512_and_si512(a, b); }
  static AB_INLINE IntReg intOr(IntReg a, IntReg b) { return _mm512_or_si512(a, b); }
  static AB_INLINE IntReg intXor(IntReg a, IntReg b) { return _mm512_xor_si512(a, b); }
  template <int k>
  static AB_INLINE IntReg shiftLeft(IntReg a) {
    return _mm512_maskz_slli_epi64(kAll, a, k);
  }
  template <int k>
  static AB_INLINE IntReg shiftRight(IntReg a) {
    return _mm512_maskz_srli_epi64(kAll, a, k);
  }
  static AB_INLINE IntReg truncToInt(Reg v) { return _mm512_maskz_cvttpd_epi64(kAll, v); }
  static AB_INLINE IntReg toInt(Reg v) { return _mm512_maskz_cvtpd_epi64(kAll, v); }
  static AB_INLINE Reg fromInt(IntReg v) { return _mm512_maskz_cvtepi64_pd(kAll, v); }
  static AB_INLINE Reg loadInt32(const int32_t* p) {
    return _mm512_maskz_cvtepi32_pd(kAll, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static AB_INLINE void storeInt32(int32_t* p, Reg v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_maskz_cvttpd_epi32(kAll, v));
  }
  static AB_INLINE Reg loadUint8(const uint8_t* p) {
    return _mm512_maskz_cvtepi32_pd(kAll, _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
  }

  static AB_INLINE double reduceAdd(Reg v) {
    const __m256d y = _mm256_add_pd(half<0>(v), half<1>(v));
    const __m128d x = _mm_add_pd(_mm256_castpd256_pd128(y), _mm256_extractf128_pd(y, 1));
    return _mm_cvtsd_f64(_mm_add_sd(x, _mm_unpackhi_pd(x, x)));
  }
  static AB_INLINE double reduceMin(Reg v) {
    const __m256d y = _mm256_min_pd(half<0>(v), half<1>(v));
    const __m128d x = _mm_min_pd(_mm256_castpd256_pd128(y), _mm256_extractf128_pd(y, 1));
    return _mm_cvtsd_f64(_mm_min_sd(x, _mm_unpackhi_pd(x, x)));
  }
  static AB_INLINE double reduceMax(Reg v) {
    const __m256d y = _mm256_max_pd(half<0>(v), half<1>(v));
    const __m128d x = _mm_max_pd(_mm256_castpd256_pd128(y), _mm256_extractf128_pd(y, 1));
    return _mm_cvtsd_f64(_mm_max_sd(x, _mm_unpackhi_pd(x, x)));
  }
  static AB_INLINE Reg zipLow(Reg a, Reg b) {
    return _mm512_permutex2var_pd(a, _mm512_set_epi64(11, 3, 10, 2, 9, 1, 8, 0), b);
  }
  static AB_INLINE Reg zipHigh(Reg a, Reg b) {
    return _mm512_permutex2var_pd(a, _mm512_set_epi64(15, 7, 14, 6, 13, 5, 12, 4), b);
  }

 private:
  static constexpr Mask kAll = 0xff;
  template <int side>
  static AB_INLINE __m256d half(Reg v) {
    return _mm512_maskz_extractf64x4_pd(0xf, v, side);
  }
};

}  // namespace ab::avx512
AB_REGION_END

#endif
