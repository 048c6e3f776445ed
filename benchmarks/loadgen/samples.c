#include "samples.h"

#include <stdlib.h>

#include "bytes.h"

void add_sample(struct samples *samples, int64_t ns)
{
    if (samples->count == samples->room) {
        samples->room = samples->room ? 2 * samples->room : 1 << 16;
        samples->ns = realloc(samples->ns, samples->room * sizeof *samples->ns);
        if (!samples->ns)
            give_up_errno("memory");
    }
    samples->ns[samples->count++] = ns;
}

static int by_size(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

double quantile_ms(struct samples *samples, double share)
{
    if (!samples->count)
        return -1;
    qsort(samples->ns, samples->count, sizeof *samples->ns, by_size);
    size_t rank = (size_t)(share * (double)samples->count);
    if (rank >= samples->count)
        rank = samples->count - 1;
    return (double)samples->ns[rank] / 1e6;
}
