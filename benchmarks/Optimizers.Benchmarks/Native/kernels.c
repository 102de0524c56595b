/* The kernels as one would write them in C for this processor: the widest vectors, one pass, the same arithmetic and the
 * same flush of denormals as the library. They are what the engine is measured against. */
#include <immintrin.h>
#include <math.h>
#include <stddef.h>

typedef struct {
    float rate, beta1, gain1, beta2, gain2, step_size, scale, root_scale, epsilon, factor, decay;
} options;

#define TINY 1.2e-37f

#if defined(__AVX512F__)
#define W 16
typedef __m512 vec;
#define load _mm512_loadu_ps
#define store _mm512_storeu_ps
#define all _mm512_set1_ps
#define add _mm512_add_ps
#define sub _mm512_sub_ps
#define mul _mm512_mul_ps
#define divide _mm512_div_ps
#define root _mm512_sqrt_ps
static inline vec flush(vec x) { return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(_mm512_abs_ps(x), all(TINY), _CMP_NLT_UQ), x); }
static inline vec divide_or_zero(vec a, vec b) { return _mm512_maskz_div_ps(_mm512_cmp_ps_mask(b, all(0), _CMP_NEQ_UQ), a, b); }
static inline vec sign(vec x)
{
    vec negative = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, all(0), _CMP_LT_OQ), all(-1));
    return _mm512_mask_mov_ps(negative, _mm512_cmp_ps_mask(x, all(0), _CMP_GT_OQ), all(1));
}
static inline void square(vec x, __m512d *low, __m512d *high)
{
    __m512d a = _mm512_cvtps_pd(_mm512_castps512_ps256(x)), b = _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
    *low = _mm512_add_pd(*low, _mm512_mul_pd(a, a));
    *high = _mm512_add_pd(*high, _mm512_mul_pd(b, b));
}
typedef struct { __m512d low, high; } squares;
static inline double total(squares s) { return _mm512_reduce_add_pd(_mm512_add_pd(s.low, s.high)); }
#elif defined(__AVX2__)
#define W 8
typedef __m256 vec;
#define load _mm256_loadu_ps
#define store _mm256_storeu_ps
#define all _mm256_set1_ps
#define add _mm256_add_ps
#define sub _mm256_sub_ps
#define mul _mm256_mul_ps
#define divide _mm256_div_ps
#define root _mm256_sqrt_ps
static inline vec flush(vec x) { return _mm256_and_ps(_mm256_cmp_ps(_mm256_andnot_ps(all(-0.0f), x), all(TINY), _CMP_NLT_UQ), x); }
static inline vec divide_or_zero(vec a, vec b) { return _mm256_and_ps(_mm256_cmp_ps(b, all(0), _CMP_NEQ_UQ), divide(a, b)); }
static inline vec sign(vec x)
{
    return _mm256_or_ps(_mm256_and_ps(_mm256_cmp_ps(x, all(0), _CMP_LT_OQ), all(-1)),
                        _mm256_and_ps(_mm256_cmp_ps(x, all(0), _CMP_GT_OQ), all(1)));
}
static inline void square(vec x, __m256d *low, __m256d *high)
{
    __m256d a = _mm256_cvtps_pd(_mm256_castps256_ps128(x)), b = _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));
    *low = _mm256_add_pd(*low, _mm256_mul_pd(a, a));
    *high = _mm256_add_pd(*high, _mm256_mul_pd(b, b));
}
typedef struct { __m256d low, high; } squares;
static inline double total(squares s)
{
    double d[4];
    _mm256_storeu_pd(d, _mm256_add_pd(s.low, s.high));
    return d[0] + d[1] + d[2] + d[3];
}
#else
#error "No wide vectors on this processor."
#endif

static float flush1(float x) { return fabsf(x) < TINY ? 0 : x; }

void sgd(float *p, const float *g, float *m, float *v, size_t n, const options *o)
{
    size_t i = 0;
    for (; i + W <= n; i += W)
        store(p + i, sub(load(p + i), mul(all(o->rate), load(g + i))));
    for (; i < n; i++)
        p[i] -= o->rate * g[i];
}

void momentum(float *p, const float *g, float *m, float *v, size_t n, const options *o)
{
    size_t i = 0;
    for (; i + W <= n; i += W) {
        vec mi = add(mul(all(o->beta1), load(m + i)), load(g + i));
        store(p + i, sub(load(p + i), mul(all(o->rate), mi)));
        store(m + i, mi);
    }
    for (; i < n; i++) {
        m[i] = o->beta1 * m[i] + g[i];
        p[i] -= o->rate * m[i];
    }
}

void lion(float *p, const float *g, float *m, float *v, size_t n, const options *o)
{
    size_t i = 0;
    for (; i + W <= n; i += W) {
        vec gi = load(g + i), mi = load(m + i);
        vec u = sign(add(mul(all(o->beta1), mi), mul(all(o->gain1), gi)));
        store(p + i, sub(load(p + i), mul(all(o->rate), u)));
        store(m + i, add(mul(all(o->beta2), mi), mul(all(o->gain2), gi)));
    }
    for (; i < n; i++) {
        float u = o->beta1 * m[i] + o->gain1 * g[i];
        p[i] -= o->rate * (float)((u > 0) - (u < 0));
        m[i] = o->beta2 * m[i] + o->gain2 * g[i];
    }
}

void adamw(float *p, const float *g, float *m, float *v, size_t n, const options *o)
{
    size_t i = 0;
    for (; i + W <= n; i += W) {
        vec gi = load(g + i), mi = load(m + i), vi = load(v + i), pi = mul(load(p + i), all(o->factor));
        mi = add(mi, mul(all(o->gain1), sub(gi, mi)));
        vi = add(mul(all(o->beta2), vi), mul(mul(all(o->gain2), gi), gi));
        vec d = add(mul(root(vi), all(o->root_scale)), all(o->epsilon));
        store(p + i, sub(pi, divide_or_zero(mul(all(o->step_size), mi), d)));
        store(m + i, flush(mi));
        store(v + i, flush(vi));
    }
    for (; i < n; i++) {
        float mi = m[i] + o->gain1 * (g[i] - m[i]), vi = o->beta2 * v[i] + o->gain2 * g[i] * g[i];
        float d = sqrtf(vi) * o->root_scale + o->epsilon;
        p[i] = p[i] * o->factor - (d == 0 ? 0 : o->step_size * mi / d);
        m[i] = flush1(mi);
        v[i] = flush1(vi);
    }
}

static inline vec lamb_direction(vec p, vec m, vec v, const options *o)
{
    vec d = add(mul(root(v), all(o->root_scale)), all(o->epsilon));
    return add(divide_or_zero(mul(all(o->scale), m), d), mul(all(o->decay), p));
}

static inline float lamb_direction1(float p, float m, float v, const options *o)
{
    float d = sqrtf(v) * o->root_scale + o->epsilon;
    return (d == 0 ? 0 : o->scale * m / d) + o->decay * p;
}

void lamb(float *p, const float *g, float *m, float *v, size_t n, const options *o)
{
    double first = 0, second = 0;
    squares sp = {0}, su = {0};
    size_t i = 0;
    for (; i + W <= n; i += W) {
        vec gi = load(g + i), mi = load(m + i), vi = load(v + i), pi = load(p + i);
        mi = add(mi, mul(all(o->gain1), sub(gi, mi)));
        vi = add(mul(all(o->beta2), vi), mul(mul(all(o->gain2), gi), gi));
        store(m + i, flush(mi));
        store(v + i, flush(vi));
        square(pi, &sp.low, &sp.high);
        square(lamb_direction(pi, mi, vi, o), &su.low, &su.high);
    }
    for (; i < n; i++) {
        m[i] = flush1(m[i] + o->gain1 * (g[i] - m[i]));
        v[i] = flush1(o->beta2 * v[i] + o->gain2 * g[i] * g[i]);
        double u = lamb_direction1(p[i], m[i], v[i], o);
        first += (double)p[i] * p[i];
        second += u * u;
    }
    first += total(sp);
    second += total(su);
    float rate = (float)(o->rate * (first == 0 || second == 0 ? 1 : sqrt(first) / sqrt(second)));
    for (i = 0; i + W <= n; i += W) {
        vec pi = load(p + i);
        store(p + i, sub(pi, mul(all(rate), lamb_direction(pi, load(m + i), load(v + i), o))));
    }
    for (; i < n; i++)
        p[i] -= rate * lamb_direction1(p[i], m[i], v[i], o);
}
