/* Runs a pass over many tensors on several threads, with an even and fixed split of the work. The workers spin between passes.
 * If another process uses the processor of one thread, the threads that wait for it sleep after a short time. */
#pragma once
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include "vectors.h"

/* The spins take about 10 to 100 microseconds. This is longer than the time between two passes, and shorter than a time slice
 * of the scheduler. */
enum { BLOCK = 4096, MOST_THREADS = 256, MOST_SPINS = 2000 };

typedef struct {
    double rate64;
    float rate, beta1, gain1, beta2, gain2, step_size, scale, root_scale, epsilon, factor, decay;
    int flush;
} options;

typedef struct {
    float *p, *g, *m, *v;
    size_t n;
    double *sums; /* two sums for each block, for rules that measure */
    double step;  /* the step size that is computed from the sums */
} tensor;

/* Updates the elements of one tensor from start to end, without end. start is the first element of a block. */
typedef void part(tensor *t, size_t start, size_t end, const options *o);

typedef struct {
    part *part;
    tensor *tensors;
    size_t count;
    const options *options;
    int threads;
} pass;

static pass current;
static atomic_uint opened, finished, sleepers;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_t workers[MOST_THREADS];
static int worker_count;

/* Computes where a share begins: at its even part of all elements, rounded down to the start of a block in that tensor. */
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

static void await(atomic_uint *counter, unsigned value)
{
    for (int spin = 0; spin < MOST_SPINS; spin++) {
        if (atomic_load_explicit(counter, memory_order_acquire) == value)
            return;
        _mm_pause();
    }
    /* No wake-up gets lost: either this thread sees the new value of the counter, or the other thread sees that this one sleeps. */
    pthread_mutex_lock(&lock);
    atomic_fetch_add(&sleepers, 1);
    while (atomic_load(counter) != value)
        pthread_cond_wait(&changed, &lock);
    atomic_fetch_sub(&sleepers, 1);
    pthread_mutex_unlock(&lock);
}

static void increment(atomic_uint *counter)
{
    atomic_fetch_add(counter, 1);
    if (atomic_load(&sleepers) > 0) {
        pthread_mutex_lock(&lock);
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
    }
}

static void *worker(void *share)
{
    for (unsigned seen = 1;; seen++) {
        await(&opened, seen);
        if (current.part == NULL)
            return NULL;
        work(&current, (int)(size_t)share);
        increment(&finished);
    }
}

static void open_pass(pass w)
{
    current = w;
    atomic_store_explicit(&finished, 0, memory_order_relaxed);
    increment(&opened);
}

static void run(part *part, tensor *tensors, size_t count, const options *o, int threads)
{
    pass w = {part, tensors, count, o, threads};
    if (threads > 1)
        open_pass(w);
    work(&w, 0);
    if (threads > 1)
        await(&finished, (unsigned)threads - 1);
}

void team_end(void)
{
    open_pass((pass){0});
    while (worker_count > 0)
        pthread_join(workers[--worker_count], NULL);
}

/* Starts the workers. They run until team_end, so that they take no time from other contenders. Passes in between must use the same
 * number of threads. Returns 0 on success. After an error there is no worker. */
int team_begin(int threads)
{
    if (threads > MOST_THREADS)
        return EINVAL;
    atomic_store(&opened, 0);
    for (worker_count = 0; worker_count < threads - 1; worker_count++) {
        int error = pthread_create(&workers[worker_count], NULL, worker, (void *)((size_t)worker_count + 1));
        if (error != 0) {
            team_end();
            return error;
        }
    }
    return 0;
}
