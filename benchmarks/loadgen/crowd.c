#define _GNU_SOURCE
#include "crowd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "websocket.h"

enum { RECEIVE = 1 << 18, MAX_EVENTS = 512 };

int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void watch(struct crowd *crowd, struct client *client, int how, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = client};
    if (epoll_ctl(crowd->epoll, how, client->socket, &event))
        give_up_errno("epoll_ctl");
}

static void leave(struct crowd *crowd, struct client *client)
{
    if (client->state == GONE)
        return;
    client->state = GONE;
    crowd->tally.errors++;
    close(client->socket);
}

/* --- Sending ---------------------------------------------------------------------- */

static void flush(struct crowd *crowd, struct client *client)
{
    struct buffer *unsent = &client->unsent;
    ssize_t sent = send(client->socket, unsent->at, unsent->length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        leave(crowd, client);
        return;
    }
    if (sent > 0)
        drop_front(unsent, (size_t)sent);
    if (!unsent->length)
        watch(crowd, client, EPOLL_CTL_MOD, EPOLLIN);
}

static void transmit(struct crowd *crowd, struct client *client, struct bytes data)
{
    ssize_t sent = 0;
    if (!client->unsent.length) {
        sent = send(client->socket, data.at, data.length, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) {
            leave(crowd, client);
            return;
        }
        sent = sent < 0 ? 0 : sent;
        if ((size_t)sent == data.length)
            return;
        watch(crowd, client, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    }
    append(&client->unsent, data.at + sent, data.length - (size_t)sent);
}

static void send_payload(struct crowd *crowd, struct client *client, uint8_t opcode,
                         struct bytes payload)
{
    /* Kept from frame to frame: this runs once per message. */
    static struct buffer frame;
    frame.length = 0;
    append_frame(&frame, opcode, payload);
    transmit(crowd, client, (struct bytes){frame.at, frame.length});
}

static void send_filled(struct crowd *crowd, struct client *client,
                        const struct template *template)
{
    static struct buffer payload;
    payload.length = 0;
    fill_in(&crowd->profile, template, &client->speaker, &payload);
    send_payload(crowd, client, crowd->profile.opcode,
                 (struct bytes){payload.at, payload.length});
}

void say(struct crowd *crowd, struct client *client, int64_t intended)
{
    uint32_t sequence = ++client->speaker.sequence;
    client->speaker.intended = intended;
    client->intended[sequence % IN_FLIGHT] = intended;
    crowd->tally.sent++;
    send_filled(crowd, client, &crowd->profile.message);
}

/* --- Hearing ---------------------------------------------------------------------- */

/* Sends what the profile says next, up to where it waits. */
static void prepare(struct crowd *crowd, struct client *client)
{
    const struct profile *profile = &crowd->profile;
    while (client->step < profile->steps_count && !profile->steps[client->step].waits)
        send_filled(crowd, client, &profile->steps[client->step++].frame);
    if (client->step == profile->steps_count && client->state == PREPARING) {
        client->state = READY;
        crowd->ready++;
    }
}

static void hear_message(struct crowd *crowd, struct client *client,
                         const struct payload *payload)
{
    crowd->tally.delivered++;
    crowd->tally.misrouted += payload->chat != client->speaker.chat;
    crowd->tally.misordered += payload->sequence != client->heard + 1;
    client->heard = payload->sequence;
    add_sample(&crowd->delivery, now_ns() - payload->intended);
}

static void hear_ack(struct crowd *crowd, struct client *client)
{
    crowd->tally.acknowledged++;
    int64_t intended = client->intended[++client->acknowledged % IN_FLIGHT];
    add_sample(&crowd->ack, now_ns() - intended);
}

/* One frame may carry several answers: some servers join them with newlines. */
static uint64_t count_tokens(struct bytes in, struct bytes token)
{
    uint64_t count = 0;
    for (uint8_t *at; (at = find(in, token)); count++) {
        in.length -= (size_t)(at + token.length - in.at);
        in.at = at + token.length;
    }
    return count;
}

static void hear_frame(struct crowd *crowd, struct client *client, struct bytes frame)
{
    const struct profile *profile = &crowd->profile;
    struct bytes rest = frame;
    struct payload payload;
    int heard = 0;
    while (next_payload(&rest, &payload)) {
        hear_message(crowd, client, &payload);
        heard++;
    }
    crowd->tally.errors += count_tokens(frame, profile->fail);
    for (uint64_t acks = count_tokens(frame, profile->ack); acks; acks--)
        hear_ack(crowd, client);
    if (!heard && starts_with(frame, profile->ack_prefix))
        hear_ack(crowd, client);
    while (heard--)
        crowd->heard(crowd, client);
}

static void hear_prepared(struct crowd *crowd, struct client *client,
                          struct bytes frame)
{
    if (find(frame, crowd->profile.steps[client->step].awaited)) {
        client->step++;
        prepare(crowd, client);
    } else if (find(frame, crowd->profile.fail)) {
        leave(crowd, client);
    }
}

static void take_frame(struct crowd *crowd, struct client *client,
                       const struct frame *frame)
{
    if (frame->opcode == OP_PING)
        send_payload(crowd, client, OP_PONG, frame->payload);
    else if (frame->opcode == OP_CLOSE)
        leave(crowd, client);
    else if (frame->opcode == OP_PONG)
        return;
    else if (starts_with(frame->payload, crowd->profile.ping))
        send_filled(crowd, client, &crowd->profile.pong);
    else if (client->state == READY)
        hear_frame(crowd, client, frame->payload);
    else
        hear_prepared(crowd, client, frame->payload);
}

static void take_all(struct crowd *crowd, struct client *client, struct bytes *data)
{
    struct frame frame;
    if (client->state == UPGRADING) {
        int upgraded = next_upgraded(data);
        if (upgraded < 0)
            leave(crowd, client);
        if (upgraded <= 0)
            return;
        client->state = PREPARING;
        prepare(crowd, client);
    }
    while (client->state != GONE && next_frame(data, &frame))
        take_frame(crowd, client, &frame);
}

static void receive(struct crowd *crowd, struct client *client)
{
    static uint8_t fresh[RECEIVE];
    ssize_t length = recv(client->socket, fresh, sizeof fresh, 0);
    if (length < 0 && errno == EAGAIN)
        return;
    if (length <= 0) {
        leave(crowd, client);
        return;
    }
    struct bytes data = {fresh, (size_t)length};
    if (!client->received.length) {
        take_all(crowd, client, &data);
        if (data.length)
            append(&client->received, data.at, data.length);
        return;
    }
    append(&client->received, fresh, (size_t)length);
    data = (struct bytes){client->received.at, client->received.length};
    take_all(crowd, client, &data);
    drop_front(&client->received, client->received.length - data.length);
}

/* --- Connecting, and the turn ------------------------------------------------------ */

static void begin(struct crowd *crowd, struct client *client)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)crowd->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    client->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (client->socket < 0)
        give_up_errno("socket (ulimit -n?)");
    setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(client->socket, (struct sockaddr *)&address, sizeof address) &&
        errno != EINPROGRESS)
        give_up_errno("connect");
    watch(crowd, client, EPOLL_CTL_ADD, EPOLLOUT);
}

static void upgrade(struct crowd *crowd, struct client *client)
{
    struct buffer path = {0}, request = {0};
    fill_in(&crowd->profile, &crowd->profile.path, &client->speaker, &path);
    append_upgrade(&request, (struct bytes){path.at, path.length}, crowd->port,
                   crowd->profile.subprotocol);
    client->state = UPGRADING;
    watch(crowd, client, EPOLL_CTL_MOD, EPOLLIN);
    transmit(crowd, client, (struct bytes){request.at, request.length});
    free(path.at);
    free(request.at);
}

static void turn(struct crowd *crowd, struct client *client, uint32_t events)
{
    if (client->state == GONE)
        return;
    if (client->state == CONNECTING) {
        if (events & (EPOLLERR | EPOLLHUP))
            give_up(4, "the server took no more connections");
        upgrade(crowd, client);
        return;
    }
    if (events & EPOLLOUT && client->unsent.length)
        flush(crowd, client);
    if (events & ~(uint32_t)EPOLLOUT && client->state != GONE)
        receive(crowd, client);
}

void connect_more(struct crowd *crowd, size_t at_once)
{
    while (crowd->started < crowd->count && crowd->started - crowd->ready < at_once)
        begin(crowd, &crowd->clients[crowd->started++]);
}

void serve(struct crowd *crowd, int64_t wait_ns)
{
    struct epoll_event events[MAX_EVENTS];
    struct timespec wait = {wait_ns / 1000000000, wait_ns % 1000000000};
    int count = epoll_pwait2(crowd->epoll, events, MAX_EVENTS, &wait, NULL);
    for (int i = 0; i < count; i++)
        turn(crowd, events[i].data.ptr, events[i].events);
}
