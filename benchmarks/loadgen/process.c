#define _GNU_SOURCE
#include "process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "bytes.h"

struct processes read_processes(const char *list)
{
    struct processes read = {.count = 0};
    while (*list && read.count < MAX_PROCESSES) {
        char *end;
        read.id[read.count++] = (pid_t)strtol(list, &end, 10);
        list = *end ? end + 1 : end;
    }
    return read;
}

/* The process's CPU clock counts in nanoseconds; /proc/PID/stat counts in 10 ms. */
static double process_cpu_s(pid_t process)
{
    clockid_t clock;
    struct timespec spent;
    if (clock_getcpuclockid(process, &clock) || clock_gettime(clock, &spent))
        give_up(6, "the server has ended");
    return (double)spent.tv_sec + (double)spent.tv_nsec / 1e9;
}

static void add_thread(struct cost *cost, pid_t process, pid_t thread)
{
    char path[64];
    unsigned long long on_cpu_ns = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", process, thread);
    FILE *file = fopen(path, "r");
    if (!file)
        return;
    if (fscanf(file, "%llu", &on_cpu_ns) == 1 && cost->threads_count < MAX_THREADS)
        cost->threads[cost->threads_count++] =
            (struct thread_cost){thread, (double)on_cpu_ns / 1e9};
    fclose(file);
}

static void add_threads(struct cost *cost, pid_t process)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", process);
    DIR *folder = opendir(path);
    if (!folder)
        return;
    for (struct dirent *entry; (entry = readdir(folder));)
        if (entry->d_name[0] != '.')
            add_thread(cost, process, (pid_t)atoi(entry->d_name));
    closedir(folder);
}

struct cost cost_of(const struct processes *processes)
{
    struct cost cost = {.cpu_s = 0};
    for (size_t i = 0; i < processes->count; i++) {
        cost.cpu_s += process_cpu_s(processes->id[i]);
        add_threads(&cost, processes->id[i]);
    }
    return cost;
}

static long process_resident_kib(pid_t process)
{
    char path[64], line[256];
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", process);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    fclose(file);
    return kib;
}

long resident_kib(const struct processes *processes)
{
    long kib = 0;
    for (size_t i = 0; i < processes->count; i++)
        kib += process_resident_kib(processes->id[i]);
    return kib;
}

double own_cpu_s(void)
{
    struct timespec spent;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return (double)spent.tv_sec + (double)spent.tv_nsec / 1e9;
}

double thread_cost_since(const struct cost *before, const struct thread_cost *now)
{
    for (size_t i = 0; i < before->threads_count; i++)
        if (before->threads[i].id == now->id)
            return now->cpu_s - before->threads[i].cpu_s;
    return now->cpu_s;
}
