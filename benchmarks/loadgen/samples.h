/* Times that were measured, and how they spread. */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct samples {
    int64_t *ns;
    size_t count;
    size_t room;
};

void add_sample(struct samples *samples, int64_t ns);
/* In milliseconds, by nearest rank; -1 if nothing was measured. Sorts the samples. */
double quantile_ms(struct samples *samples, double share);

#endif
