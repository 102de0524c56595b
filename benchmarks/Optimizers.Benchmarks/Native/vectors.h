/* One set of names for the widest vectors of this processor. `some` is the mask of the last, incomplete vector. */
#pragma once
#include <immintrin.h>
#include <stddef.h>

#define INLINE static inline __attribute__((always_inline))

#if defined(__AVX512F__) && defined(__AVX512DQ__)
#define W 16
typedef __m512 vec;
typedef __mmask16 some;
#define load _mm512_loadu_ps
#define store _mm512_storeu_ps
#define all _mm512_set1_ps
#define add _mm512_add_ps
#define sub _mm512_sub_ps
#define mul _mm512_mul_ps
#define divide _mm512_div_ps
#define root _mm512_sqrt_ps
INLINE some first(size_t count) { return (some)((1u << count) - 1); }
INLINE vec load_some(const float *x, some k) { return _mm512_maskz_loadu_ps(k, x); }
INLINE void store_some(float *x, some k, vec value) { _mm512_mask_storeu_ps(x, k, value); }
INLINE vec flush(vec x, float tiny)
{
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(_mm512_abs_ps(x), all(tiny), _CMP_NLT_UQ), x);
}
INLINE vec divide_or_zero(vec a, vec b)
{
    return _mm512_maskz_div_ps(_mm512_cmp_ps_mask(b, all(0), _CMP_NEQ_UQ), a, b);
}
INLINE vec sign(vec x)
{
    vec negative = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, all(0), _CMP_LT_OQ), all(-1));
    return _mm512_mask_mov_ps(negative, _mm512_cmp_ps_mask(x, all(0), _CMP_GT_OQ), all(1));
}
#elif defined(__AVX2__)
#define W 8
typedef __m256 vec;
typedef __m256i some;
#define load _mm256_loadu_ps
#define store _mm256_storeu_ps
#define all _mm256_set1_ps
#define add _mm256_add_ps
#define sub _mm256_sub_ps
#define mul _mm256_mul_ps
#define divide _mm256_div_ps
#define root _mm256_sqrt_ps
INLINE some first(size_t count)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
INLINE vec load_some(const float *x, some k) { return _mm256_maskload_ps(x, k); }
INLINE void store_some(float *x, some k, vec value) { _mm256_maskstore_ps(x, k, value); }
INLINE vec flush(vec x, float tiny)
{
    return _mm256_and_ps(_mm256_cmp_ps(_mm256_andnot_ps(all(-0.0f), x), all(tiny), _CMP_NLT_UQ), x);
}
INLINE vec divide_or_zero(vec a, vec b)
{
    return _mm256_and_ps(_mm256_cmp_ps(b, all(0), _CMP_NEQ_UQ), divide(a, b));
}
INLINE vec sign(vec x)
{
    return _mm256_or_ps(_mm256_and_ps(_mm256_cmp_ps(x, all(0), _CMP_LT_OQ), all(-1)),
                        _mm256_and_ps(_mm256_cmp_ps(x, all(0), _CMP_GT_OQ), all(1)));
}
#else
#error "this processor has neither AVX2 nor AVX-512"
#endif

/* Sixteen sums of squares in double, and their total in the order of the library. */
typedef double eight __attribute__((vector_size(64)));
typedef struct { eight half[2]; } squares;

INLINE void add_squares(squares *s, size_t lane, vec x)
{
#if W == 16
    eight low = (eight)_mm512_cvtps_pd(_mm512_castps512_ps256(x));
    eight high = (eight)_mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
    s->half[0] += low * low;
    s->half[1] += high * high;
    (void)lane;
#else
    typedef float eight_floats __attribute__((vector_size(32)));
    eight wide = __builtin_convertvector((eight_floats)x, eight);
    s->half[lane / 8] += wide * wide;
#endif
}

INLINE double total(const squares *s)
{
    eight e = s->half[0] + s->half[1];
    double four[4];
    for (int i = 0; i < 4; i++)
        four[i] = e[i] + e[i + 4];
    return (four[0] + four[2]) + (four[1] + four[3]);
}
