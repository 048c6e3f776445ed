/* A load generator for WebSocket servers: one thread, one epoll, one line of JSON.
 *
 *   loadgen --profile FILE [--fields FILE] --port N --mode MODE --chats N [--pids N,N]
 *           [--rate N] [--warm S] [--time S] [--settle S] [--hold]
 *
 *   pairs   N chats of two; saturated, each chat has one message in flight at any time;
 *           with --rate, N messages a second in all, sent when they are due whatever
 *           has come back, and timed from when they were due
 *   fan     one speaker, N listeners; saturated, it speaks again once all have heard
 *   idle    N chats of two connect and are silent
 *   solo    N chats of one connect and are silent
 *
 * --hold keeps the connections, after the result is out, until standard input ends.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "crowd.h"
#include "process.h"

enum mode { PAIRS, FAN, IDLE, SOLO };
static const char *MODES[] = {"pairs", "fan", "idle", "solo"};

enum { AT_ONCE = 100 };
/* Connections under way together: a busy listener's backlog takes as many. */

static const double SECOND = 1e9;
static const double CONNECT_LIMIT_S = 120, DRAIN_LIMIT_S = 5;

struct run {
    struct crowd crowd; /* first, so that a crowd's callback finds its run */
    enum mode mode;
    size_t chats;
    double rate, warm_s, time_s, settle_s;
    int hold;
    struct processes server;
    int talking;
    size_t unheard;
    /* Listeners of the fan that have not heard the last message yet. */
};

struct measured {
    struct cost before, after;
    struct tally tally_before, tally_after;
    double wall_s, client_cpu_s, lateness_ms;
};

/* --- Talking ---------------------------------------------------------------------- */

static size_t listeners(const struct run *run)
{
    return run->mode == FAN ? run->chats : 1;
}

/* Saturation: an answer follows what was heard. */
static void answer(struct crowd *crowd, struct client *client)
{
    struct run *run = (struct run *)crowd;
    if (!run->talking || run->rate > 0)
        return;
    if (run->mode == PAIRS) {
        say(crowd, client, now_ns());
    } else if (!--run->unheard) {
        run->unheard = listeners(run);
        say(crowd, &crowd->clients[0], now_ns());
    }
}

/* Whose turn it is: all shoppers one after another, then all agents. */
static struct client *speaker_at(struct run *run, uint64_t number)
{
    if (run->mode == FAN)
        return &run->crowd.clients[0];
    size_t side = (number / run->chats) & 1;
    return &run->crowd.clients[2 * (number % run->chats) + side];
}

/* Sends all that is due; returns nanoseconds until there is more to do. */
static int64_t say_due(struct run *run, int64_t started, struct measured *measured)
{
    static uint64_t number;
    const int64_t at_most = 50000000;
    if (run->rate <= 0)
        return at_most;
    for (;; number++) {
        int64_t due = started + (int64_t)((double)number * SECOND / run->rate);
        int64_t now = now_ns();
        if (due > now)
            return due - now < at_most ? due - now : at_most;
        double late_ms = (double)(now - due) / 1e6;
        if (late_ms > measured->lateness_ms)
            measured->lateness_ms = late_ms;
        say(&run->crowd, speaker_at(run, number), due);
    }
}

static void open_measurement(struct run *run, struct measured *measured)
{
    measured->before = cost_of(&run->server);
    measured->tally_before = run->crowd.tally;
    measured->client_cpu_s = own_cpu_s();
    measured->lateness_ms = 0;
    run->crowd.delivery.count = run->crowd.ack.count = 0;
}

static void close_measurement(struct run *run, struct measured *measured, int64_t since)
{
    measured->wall_s = (double)(now_ns() - since) / SECOND;
    measured->after = cost_of(&run->server);
    measured->tally_after = run->crowd.tally;
    measured->client_cpu_s = own_cpu_s() - measured->client_cpu_s;
}

static void start_talking(struct run *run)
{
    run->talking = 1;
    run->unheard = listeners(run);
    if (run->rate > 0)
        return;
    for (size_t i = 0; i < (run->mode == PAIRS ? run->chats : 1); i++)
        say(&run->crowd, &run->crowd.clients[2 * i], now_ns());
}

/* Waits for what is under way, so that what is missing then is lost. */
static void drain(struct run *run)
{
    const struct tally *tally = &run->crowd.tally;
    int64_t limit = now_ns() + (int64_t)(DRAIN_LIMIT_S * SECOND);
    while (now_ns() < limit && (tally->delivered < tally->sent * listeners(run) ||
                                tally->acknowledged < tally->sent))
        serve(&run->crowd, 20000000);
}

static struct measured talk(struct run *run)
{
    struct measured measured = {.wall_s = 0};
    int64_t started = now_ns();
    int64_t opens = started + (int64_t)(run->warm_s * SECOND);
    int64_t closes = opens + (int64_t)(run->time_s * SECOND);
    int open = 0;
    start_talking(run);
    while (now_ns() < closes && !run->crowd.tally.errors) {
        if (!open && now_ns() >= opens) {
            open_measurement(run, &measured);
            opens = now_ns();
            open = 1;
        }
        serve(&run->crowd, say_due(run, started, &measured));
    }
    run->talking = 0;
    close_measurement(run, &measured, opens);
    struct samples delivery = run->crowd.delivery, ack = run->crowd.ack;
    drain(run);
    /* What came while draining was not timed: the load was off. */
    run->crowd.delivery.count = delivery.count;
    run->crowd.ack.count = ack.count;
    return measured;
}

/* --- Connecting ------------------------------------------------------------------- */

struct connected {
    double wall_s, cpu_s;
    long resident_before_kib, resident_after_kib;
};

static void place(struct run *run)
{
    struct crowd *crowd = &run->crowd;
    size_t a_chat = run->mode == SOLO ? 1 : 2;
    crowd->count = run->mode == FAN ? run->chats + 1 : a_chat * run->chats;
    crowd->clients = allocate(crowd->count, sizeof *crowd->clients);
    for (size_t i = 0; i < crowd->count; i++) {
        struct speaker *speaker = &crowd->clients[i].speaker;
        int second = run->mode == FAN ? i > 0 : i % a_chat;
        speaker->connection = (int)i;
        speaker->chat = run->mode == FAN ? 0 : (int)(i / a_chat);
        speaker->role = second ? 'a' : 'c';
        speaker->peer = second ? 'c' : 'a';
    }
}

static struct connected connect_all(struct run *run)
{
    struct crowd *crowd = &run->crowd;
    struct connected connected = {.resident_before_kib = resident_kib(&run->server)};
    double before = cost_of(&run->server).cpu_s;
    int64_t started = now_ns();
    while (crowd->ready < crowd->count) {
        connect_more(crowd, AT_ONCE);
        serve(crowd, 100000000);
        if (crowd->tally.errors)
            give_up(4, "a client was turned away");
        if ((double)(now_ns() - started) > CONNECT_LIMIT_S * SECOND)
            give_up(5, "not all clients came in within two minutes");
    }
    connected.wall_s = (double)(now_ns() - started) / SECOND;
    connected.cpu_s = cost_of(&run->server).cpu_s - before;
    int64_t settled = now_ns() + (int64_t)(run->settle_s * SECOND);
    while (now_ns() < settled)
        serve(crowd, 50000000);
    connected.resident_after_kib = resident_kib(&run->server);
    return connected;
}

static void hold(struct run *run)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    char end;
    fflush(stdout);
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event))
        give_up_errno("--hold needs a pipe as standard input");
    while (epoll_wait(epoll, &event, 1, 0) == 0 || read(STDIN_FILENO, &end, 1) > 0)
        serve(&run->crowd, 50000000);
}

/* --- The result ------------------------------------------------------------------- */

static void print_connected(const struct run *run, const struct connected *connected)
{
    printf("{\"connections\":%zu,\"connect_s\":%.4f,\"connect_cpu_s\":%.6f,"
           "\"resident_before_kib\":%ld,\"resident_after_kib\":%ld",
           run->crowd.count, connected->wall_s, connected->cpu_s,
           connected->resident_before_kib, connected->resident_after_kib);
}

static void print_latency(const char *name, struct samples *samples)
{
    printf(",\"%s\":{\"p50\":%.4f,\"p99\":%.4f,\"p999\":%.4f}", name,
           quantile_ms(samples, 0.5), quantile_ms(samples, 0.99),
           quantile_ms(samples, 0.999));
}

static void print_threads(const struct measured *measured)
{
    printf(",\"threads\":[");
    for (size_t i = 0; i < measured->after.threads_count; i++) {
        const struct thread_cost *thread = &measured->after.threads[i];
        printf("%s{\"id\":%d,\"cpu_s\":%.6f}", i ? "," : "", thread->id,
               thread_cost_since(&measured->before, thread));
    }
    printf("]");
}

static void print_talk(struct run *run, const struct measured *measured)
{
    const struct tally *all = &run->crowd.tally;
    const struct tally *from = &measured->tally_before, *to = &measured->tally_after;
    int64_t missing = (int64_t)(all->sent * listeners(run)) - (int64_t)all->delivered;
    printf(",\"talk\":{\"wall_s\":%.4f,\"sent\":%" PRIu64 ",\"delivered\":%" PRIu64
           ",\"acknowledged\":%" PRIu64 ",\"server_cpu_s\":%.6f"
           ",\"client_cpu_s\":%.6f,\"lateness_ms\":%.3f",
           measured->wall_s, to->sent - from->sent, to->delivered - from->delivered,
           to->acknowledged - from->acknowledged,
           measured->after.cpu_s - measured->before.cpu_s, measured->client_cpu_s,
           measured->lateness_ms);
    print_latency("delivery_ms", &run->crowd.delivery);
    print_latency("ack_ms", &run->crowd.ack);
    print_threads(measured);
    printf(",\"missing\":%" PRId64 ",\"unacknowledged\":%" PRId64
           ",\"misrouted\":%" PRIu64 ",\"misordered\":%" PRIu64 ",\"errors\":%" PRIu64
           "}",
           missing, (int64_t)all->sent - (int64_t)all->acknowledged, all->misrouted,
           all->misordered, all->errors);
}

/* --- The command line ------------------------------------------------------------- */

static enum mode read_mode(const char *name)
{
    for (size_t i = 0; i < sizeof MODES / sizeof *MODES; i++)
        if (!strcmp(name, MODES[i]))
            return (enum mode)i;
    give_up(2, "--mode is one of pairs, fan, idle, solo");
}

static void take_option(struct run *run, int option, const char *value)
{
    switch (option) {
    case 'p': read_profile(&run->crowd.profile, value); break;
    case 'f': read_fields(&run->crowd.profile, value); break;
    case 'P': run->crowd.port = atoi(value); break;
    case 'm': run->mode = read_mode(value); break;
    case 'c': run->chats = strtoul(value, NULL, 10); break;
    case 'r': run->rate = atof(value); break;
    case 'w': run->warm_s = atof(value); break;
    case 't': run->time_s = atof(value); break;
    case 's': run->settle_s = atof(value); break;
    case 'i': run->server = read_processes(value); break;
    case 'h': run->hold = 1; break;
    default: give_up(2, "see the head of main.c for the options");
    }
}

static void read_options(struct run *run, int count, char **words)
{
    static const struct option options[] = {
        {"profile", 1, NULL, 'p'}, {"fields", 1, NULL, 'f'}, {"port", 1, NULL, 'P'},
        {"mode", 1, NULL, 'm'},    {"chats", 1, NULL, 'c'},  {"rate", 1, NULL, 'r'},
        {"warm", 1, NULL, 'w'},    {"time", 1, NULL, 't'},   {"settle", 1, NULL, 's'},
        {"pids", 1, NULL, 'i'},    {"hold", 0, NULL, 'h'},   {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(count, words, "", options, NULL)) >= 0;)
        take_option(run, option, optarg);
    if (optind < count || !run->crowd.port || !run->chats)
        give_up(2, "--profile, --port, --mode and --chats are needed");
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int count, char **words)
{
    static struct run run = {.warm_s = 1, .time_s = 3, .settle_s = 1};
    read_options(&run, count, words);
    raise_descriptor_limit();
    run.crowd.heard = answer;
    run.crowd.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (run.crowd.epoll < 0)
        give_up_errno("epoll_create1");
    place(&run);
    struct connected connected = connect_all(&run);
    if (run.mode == PAIRS || run.mode == FAN) {
        struct measured measured = talk(&run);
        print_connected(&run, &connected);
        print_talk(&run, &measured);
    } else {
        print_connected(&run, &connected);
    }
    printf("}\n");
    if (run.hold)
        hold(&run);
    return 0;
}
