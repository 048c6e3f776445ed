/* All the clients of one run: their sockets, what they hear, what they count. */
#ifndef CROWD_H
#define CROWD_H

#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "profile.h"
#include "samples.h"

enum state { CONNECTING, UPGRADING, PREPARING, READY, GONE };

/* Messages of one client without an acknowledgement whose times are remembered. */
enum { IN_FLIGHT = 256 };

struct client {
    struct speaker speaker;
    int socket;
    enum state state;
    size_t step;
    struct buffer received;
    /* The beginning of a frame whose rest has not come. */
    struct buffer unsent;
    uint32_t heard;
    /* The sequence of the last message from the other side. */
    uint32_t acknowledged;
    int64_t intended[IN_FLIGHT];
};

struct tally {
    uint64_t sent, delivered, acknowledged;
    uint64_t misrouted;  /* came to a chat that it was not said in */
    uint64_t misordered; /* came twice, too early or too late */
    uint64_t errors;     /* refusals, and connections that ended */
};

struct crowd {
    struct profile profile;
    int port;
    int epoll;
    struct client *clients;
    size_t count, started, ready;
    struct tally tally;
    struct samples delivery, ack;
    void (*heard)(struct crowd *, struct client *);
    /* Called after each message that a client has received. */
};

int64_t now_ns(void);

/* Connects those that wait for it, as many at a time as the crowd has room for, and
 * serves all of them for `wait_ns` at most. */
void connect_more(struct crowd *crowd, size_t at_once);
void serve(struct crowd *crowd, int64_t wait_ns);

/* Sends `client`'s next message, meant to leave at `intended`. */
void say(struct crowd *crowd, struct client *client, int64_t intended);

#endif
