/* What a process has cost so far, by the kernel's own count. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stddef.h>
#include <sys/types.h>

enum { MAX_PROCESSES = 16, MAX_THREADS = 64 };

struct processes {
    pid_t id[MAX_PROCESSES];
    size_t count;
};

struct thread_cost {
    pid_t id;
    double cpu_s;
};

struct cost {
    double cpu_s;
    /* Of all threads, those that have ended too. */
    struct thread_cost threads[MAX_THREADS];
    size_t threads_count;
};

/* Reads "PID,PID,...". */
struct processes read_processes(const char *list);

struct cost cost_of(const struct processes *processes);
long resident_kib(const struct processes *processes);
double own_cpu_s(void);

/* What thread `id` has cost between the two. */
double thread_cost_since(const struct cost *before, const struct thread_cost *now);

#endif
