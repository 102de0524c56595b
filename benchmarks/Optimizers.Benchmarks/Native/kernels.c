/* The optimizers as good C code for this processor: the widest vectors, one pass, the same arithmetic as the
 * library to the last bit, and the same flush of denormals. The benchmarks compare the engine with this code. */
#include <math.h>
#include "team.h"

enum { STATELESS, ONE_SLOT, TWO_SLOTS };

static const float every_update = 1.2e-37f, every_sixteenth_update = 1e-33f;

/* Updates one vector of parameters and state in place. */
typedef void formula(vec *p, vec g, vec *m, vec *v, const options *o);

INLINE vec flushed(vec x, const float tiny) { return tiny > 0 ? flush(x, tiny) : x; }

/* The loop of all element-wise kernels; the compiler inlines it into each of them. The scalars are copied, so the compiler knows that no
 * store changes them. The last, incomplete vector uses the same formula with a mask. */
INLINE void elementwise(
    tensor *t, size_t i, size_t end, const options *given, formula *apply, const int slots, const float tiny)
{
    const options o = *given;
    float *restrict p = t->p, *restrict m = t->m, *restrict v = t->v;
    const float *restrict g = t->g;
    vec mi = all(0), vi = all(0);
    for (; i + W <= end; i += W) {
        vec pi = load(p + i);
        if (slots >= ONE_SLOT)
            mi = load(m + i);
        if (slots >= TWO_SLOTS)
            vi = load(v + i);
        apply(&pi, load(g + i), &mi, &vi, &o);
        store(p + i, pi);
        if (slots >= ONE_SLOT)
            store(m + i, flushed(mi, tiny));
        if (slots >= TWO_SLOTS)
            store(v + i, flushed(vi, tiny));
    }
    if (i < end) {
        some k = first(end - i);
        vec pi = load_some(p + i, k);
        if (slots >= ONE_SLOT)
            mi = load_some(m + i, k);
        if (slots >= TWO_SLOTS)
            vi = load_some(v + i, k);
        apply(&pi, load_some(g + i, k), &mi, &vi, &o);
        store_some(p + i, k, pi);
        if (slots >= ONE_SLOT)
            store_some(m + i, k, flushed(mi, tiny));
        if (slots >= TWO_SLOTS)
            store_some(v + i, k, flushed(vi, tiny));
    }
}

/* A HEAVY kernel flushes denormals at every update. A LIGHT kernel flushes them if the options say so. */
#define HEAVY(name, slots)                                                                            \
    static void name##_part(tensor *t, size_t start, size_t end, const options *o)                    \
    {                                                                                                 \
        elementwise(t, start, end, o, name##_formula, slots, every_update);                           \
    }                                                                                                 \
    void name(tensor *t, size_t count, const options *o, int threads) { run(name##_part, t, count, o, threads); }

#define LIGHT(name, slots)                                                                            \
    static void name##_part(tensor *t, size_t start, size_t end, const options *o)                    \
    {                                                                                                 \
        if (o->flush)                                                                                 \
            elementwise(t, start, end, o, name##_formula, slots, every_sixteenth_update);             \
        else                                                                                          \
            elementwise(t, start, end, o, name##_formula, slots, 0);                                  \
    }                                                                                                 \
    void name(tensor *t, size_t count, const options *o, int threads) { run(name##_part, t, count, o, threads); }

INLINE void sgd_formula(vec *p, vec g, vec *m, vec *v, const options *o)
{
    *p = sub(*p, mul(all(o->rate), g));
}
LIGHT(sgd, STATELESS)

INLINE void momentum_formula(vec *p, vec g, vec *m, vec *v, const options *o)
{
    *m = add(mul(all(o->beta1), *m), g);
    *p = sub(*p, mul(all(o->rate), *m));
}
LIGHT(momentum, ONE_SLOT)

INLINE void nesterov_formula(vec *p, vec g, vec *m, vec *v, const options *o)
{
    *m = add(mul(all(o->beta1), *m), g);
    *p = sub(*p, mul(all(o->rate), add(g, mul(all(o->beta1), *m))));
}
LIGHT(nesterov, ONE_SLOT)

INLINE void lion_formula(vec *p, vec g, vec *m, vec *v, const options *o)
{
    *p = sub(*p, mul(all(o->rate), sign(add(mul(all(o->beta1), *m), mul(all(o->gain1), g)))));
    *m = add(mul(all(o->beta2), *m), mul(all(o->gain2), g));
}
LIGHT(lion, ONE_SLOT)

INLINE void adagrad_formula(vec *p, vec g, vec *m, vec *v, const options *o)
{
    *m = add(*m, mul(g, g));
    *p = sub(*p, divide_or_zero(mul(all(o->rate), g), add(root(*m), all(o->epsilon))));
}
HEAVY(adagrad, ONE_SLOT)

INLINE void rmsprop_formula(vec *p, vec g, vec *m, vec *v, const options *o)
{
    *m = add(mul(all(o->beta2), *m), mul(mul(all(o->gain2), g), g));
    *p = sub(*p, mul(all(o->rate), divide_or_zero(g, add(root(*m), all(o->epsilon)))));
}
HEAVY(rmsprop, ONE_SLOT)

INLINE void moments(vec g, vec *m, vec *v, const options *o)
{
    *m = add(*m, mul(all(o->gain1), sub(g, *m)));
    *v = add(mul(all(o->beta2), *v), mul(mul(all(o->gain2), g), g));
}

INLINE vec quotient(float scale, vec m, vec v, const options *o)
{
    return divide_or_zero(mul(all(scale), m), add(mul(root(v), all(o->root_scale)), all(o->epsilon)));
}

/* RAdam uses this formula with other scalars. */
INLINE void adam_formula(vec *p, vec g, vec *m, vec *v, const options *o)
{
    moments(g, m, v, o);
    *p = sub(*p, quotient(o->step_size, *m, *v, o));
}
HEAVY(adam, TWO_SLOTS)

INLINE void adamw_formula(vec *p, vec g, vec *m, vec *v, const options *o)
{
    *p = mul(*p, all(o->factor));
    adam_formula(p, g, m, v, o);
}
HEAVY(adamw, TWO_SLOTS)

INLINE vec lamb_direction(vec p, vec m, vec v, const options *o)
{
    return add(quotient(o->scale, m, v, o), mul(all(o->decay), p));
}

INLINE void lamb_measure(vec p, vec g, vec *m, vec *v, size_t lane, squares *of_p, squares *of_u, const options *o)
{
    moments(g, m, v, o);
    add_squares(of_p, lane, p);
    add_squares(of_u, lane, lamb_direction(p, *m, *v, o));
}

static void lamb_measure_part(tensor *t, size_t i, size_t end, const options *given)
{
    const options o = *given;
    float *restrict p = t->p, *restrict m = t->m, *restrict v = t->v;
    const float *restrict g = t->g;
    for (double *sums = t->sums + i / BLOCK * 2; i < end; sums += 2) {
        squares of_p = {0}, of_u = {0};
        size_t stop = i + BLOCK < end ? i + BLOCK : end;
        for (; i + 16 <= stop; i += 16)
            for (size_t lane = 0; lane < 16; lane += W) {
                vec mi = load(m + i + lane), vi = load(v + i + lane);
                lamb_measure(load(p + i + lane), load(g + i + lane), &mi, &vi, lane, &of_p, &of_u, &o);
                store(m + i + lane, flush(mi, every_update));
                store(v + i + lane, flush(vi, every_update));
            }
        for (size_t lane = 0; i < stop; i += W, lane += W) {
            some k = first(stop - i < W ? stop - i : W);
            vec mi = load_some(m + i, k), vi = load_some(v + i, k);
            lamb_measure(load_some(p + i, k), load_some(g + i, k), &mi, &vi, lane, &of_p, &of_u, &o);
            store_some(m + i, k, flush(mi, every_update));
            store_some(v + i, k, flush(vi, every_update));
        }
        i = stop;
        sums[0] = total(&of_p);
        sums[1] = total(&of_u);
    }
}

INLINE vec lamb_apply(vec p, vec m, vec v, vec step, const options *o)
{
    return sub(p, mul(step, lamb_direction(p, m, v, o)));
}

static void lamb_apply_part(tensor *t, size_t i, size_t end, const options *given)
{
    const options o = *given;
    const vec step = all((float)t->step);
    float *restrict p = t->p;
    const float *restrict m = t->m, *restrict v = t->v;
    for (; i + W <= end; i += W)
        store(p + i, lamb_apply(load(p + i), load(m + i), load(v + i), step, &o));
    if (i < end) {
        some k = first(end - i);
        store_some(p + i, k, lamb_apply(load_some(p + i, k), load_some(m + i, k), load_some(v + i, k), step, &o));
    }
}

void lamb(tensor *tensors, size_t count, const options *o, int threads)
{
    run(lamb_measure_part, tensors, count, o, threads);
    for (tensor *t = tensors; t < tensors + count; t++) {
        double parameters = 0, directions = 0;
        for (size_t block = 0; block * BLOCK < t->n; block++) {
            parameters += t->sums[2 * block];
            directions += t->sums[2 * block + 1];
        }
        double ratio = parameters == 0 || directions == 0 ? 1 : sqrt(parameters) / sqrt(directions);
        t->step = o->rate64 * ratio;
    }
    run(lamb_apply_part, tensors, count, o, threads);
}
