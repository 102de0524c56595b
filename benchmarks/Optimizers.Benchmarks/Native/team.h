/* One pass over many tensors by several threads: an even, fixed split, and workers that spin from one pass to the next. */
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include "vectors.h"

enum { BLOCK = 4096, MOST_THREADS = 256 };

typedef struct {
    double rate64;
    float rate, beta1, gain1, beta2, gain2, step_size, scale, root_scale, epsilon, factor, decay;
    int flush;
} options;

typedef struct {
    float *p, *g, *m, *v;
    size_t n;
    double *sums; /* two for every block, for rules that measure */
    double step;  /* what came of them */
} tensor;

/* Works on the elements of one tensor from start, which is the first of a block, to end. */
typedef void part(tensor *t, size_t start, size_t end, const options *o);

typedef struct {
    part *part;
    tensor *tensors;
    size_t count;
    const options *options;
    int threads;
} pass;

static pass current;
static atomic_uint opened, finished;
static pthread_t workers[MOST_THREADS];
static int worker_count;

/* Where a share begins: at its even part of all elements, moved back to a block of the tensor it falls in. */
static void cut(const pass *w, size_t total, int share, size_t *index, size_t *start)
{
    *index = w->count;
    *start = 0;
    if (share == w->threads)
        return;
    size_t position = total / (size_t)w->threads * (size_t)share;
    for (*index = 0; position >= w->tensors[*index].n; ++*index)
        position -= w->tensors[*index].n;
    *start = position - position % BLOCK;
}

static void work(const pass *w, int share)
{
    if (w->threads == 1) {
        for (size_t i = 0; i < w->count; i++)
            w->part(&w->tensors[i], 0, w->tensors[i].n, w->options);
        return;
    }
    size_t total = 0, i, start, last, end;
    for (i = 0; i < w->count; i++)
        total += w->tensors[i].n;
    cut(w, total, share, &i, &start);
    cut(w, total, share + 1, &last, &end);
    for (; i < last; i++, start = 0)
        w->part(&w->tensors[i], start, w->tensors[i].n, w->options);
    if (start < end)
        w->part(&w->tensors[i], start, end, w->options);
}

static void *worker(void *share)
{
    for (unsigned seen = 0;;) {
        while (atomic_load_explicit(&opened, memory_order_acquire) == seen)
            _mm_pause();
        seen++;
        if (current.part == NULL)
            return NULL;
        work(&current, (int)(size_t)share);
        atomic_fetch_add_explicit(&finished, 1, memory_order_release);
    }
}

static void open_pass(pass w)
{
    current = w;
    atomic_store_explicit(&finished, 0, memory_order_relaxed);
    atomic_fetch_add_explicit(&opened, 1, memory_order_release);
}

static void run(part *part, tensor *tensors, size_t count, const options *o, int threads)
{
    pass w = {part, tensors, count, o, threads};
    if (threads > 1)
        open_pass(w);
    work(&w, 0);
    while (threads > 1 && atomic_load_explicit(&finished, memory_order_acquire) != (unsigned)threads - 1)
        _mm_pause();
}

/* The workers live from here to team_end only, so that they disturb nobody else; passes between use as many threads.
 * Returns 0 on success. */
int team_begin(int threads)
{
    atomic_store(&opened, 0);
    for (worker_count = 0; worker_count < threads - 1; worker_count++) {
        int error = pthread_create(&workers[worker_count], NULL, worker, (void *)((size_t)worker_count + 1));
        if (error != 0)
            return error;
    }
    return 0;
}

void team_end(void)
{
    open_pass((pass){0});
    while (worker_count > 0)
        pthread_join(workers[--worker_count], NULL);
}
