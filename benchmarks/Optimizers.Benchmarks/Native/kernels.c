#include <immintrin.h>
#include <stddef.h>

typedef struct { float beta1, gain1, beta2, gain2, step, inv_root, eps, factor; } adamw_t;

static inline __m512 flush(__m512 x, float t)
{
    __mmask16 keep = _mm512_cmp_ps_mask(_mm512_abs_ps(x), _mm512_set1_ps(t), _CMP_NLT_UQ);
    return _mm512_maskz_mov_ps(keep, x);
}

void adamw(float *p, const float *g, float *m, float *v, size_t n, const adamw_t *o)
{
    __m512 gain1 = _mm512_set1_ps(o->gain1), beta2 = _mm512_set1_ps(o->beta2), gain2 = _mm512_set1_ps(o->gain2);
    __m512 step = _mm512_set1_ps(o->step), inv = _mm512_set1_ps(o->inv_root), eps = _mm512_set1_ps(o->eps);
    __m512 factor = _mm512_set1_ps(o->factor);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m512 gi = _mm512_loadu_ps(g + i), mi = _mm512_loadu_ps(m + i), vi = _mm512_loadu_ps(v + i);
        __m512 pi = _mm512_mul_ps(_mm512_loadu_ps(p + i), factor);
        mi = _mm512_add_ps(mi, _mm512_mul_ps(gain1, _mm512_sub_ps(gi, mi)));
        vi = _mm512_add_ps(_mm512_mul_ps(beta2, vi), _mm512_mul_ps(gain2, _mm512_mul_ps(gi, gi)));
        __m512 d = _mm512_add_ps(_mm512_mul_ps(_mm512_sqrt_ps(vi), inv), eps);
        pi = _mm512_sub_ps(pi, _mm512_div_ps(_mm512_mul_ps(step, mi), d));
        _mm512_storeu_ps(p + i, pi);
        _mm512_storeu_ps(m + i, flush(mi, 1.2e-37f));
        _mm512_storeu_ps(v + i, flush(vi, 1.2e-37f));
    }
}

void lion(float *p, const float *g, float *m, size_t n, const adamw_t *o)
{
    __m512 beta1 = _mm512_set1_ps(o->beta1), gain1 = _mm512_set1_ps(o->gain1), beta2 = _mm512_set1_ps(o->beta2), gain2 = _mm512_set1_ps(o->gain2);
    __m512 step = _mm512_set1_ps(o->step), zero = _mm512_setzero_ps(), one = _mm512_set1_ps(1), minus = _mm512_set1_ps(-1);
    __m512 factor = _mm512_set1_ps(o->factor);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m512 gi = _mm512_loadu_ps(g + i), mi = _mm512_loadu_ps(m + i);
        __m512 pi = _mm512_mul_ps(_mm512_loadu_ps(p + i), factor);
        __m512 u = _mm512_add_ps(_mm512_mul_ps(beta1, mi), _mm512_mul_ps(gain1, gi));
        __m512 s = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(u, zero, _CMP_LT_OQ), minus);
        s = _mm512_mask_mov_ps(s, _mm512_cmp_ps_mask(zero, u, _CMP_LT_OQ), one);
        pi = _mm512_sub_ps(pi, _mm512_mul_ps(step, s));
        mi = _mm512_add_ps(_mm512_mul_ps(beta2, mi), _mm512_mul_ps(gain2, gi));
        _mm512_storeu_ps(p + i, pi);
        _mm512_storeu_ps(m + i, mi);
    }
}
