/* How one server is spoken to: a text file (profiles/), one directive a line.
 *
 *   path /ws?chat={chat}     the HTTP path of the upgrade
 *   subprotocol NAME         offered at the upgrade
 *   opcode text|binary       of the frames sent
 *   send FRAME, wait TOKEN   the steps after the upgrade, in order
 *   message FRAME            what says one thing
 *   ack TOKEN                in a frame: a message of mine is acknowledged
 *   ack-prefix TOKEN         the same, only at the start of a frame without a delivery
 *   fail TOKEN               in a frame: something I asked for was refused
 *   ping TOKEN, pong FRAME   a keep-alive above WebSocket's own
 *
 * Placeholders in frames and path: {chat} {role} {peer} {connection} {sequence}
 * {payload} {field:N}. Escapes everywhere: \xNN \n \0. The fields come from a file of
 * their own: a line for each connection, tabs between, the same escapes.
 */
#ifndef PROFILE_H
#define PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

enum piece_kind { LITERAL, CHAT, ROLE, PEER, CONNECTION, SEQUENCE, PAYLOAD, FIELD };

struct piece {
    enum piece_kind kind;
    size_t field;
    struct bytes literal;
};

struct template {
    struct piece *pieces;
    size_t count;
};

struct step {
    int waits;
    struct template frame;
    struct bytes awaited;
};

enum { MAX_STEPS = 16, MAX_FIELDS = 8 };

struct fields {
    struct bytes value[MAX_FIELDS];
};

struct profile {
    struct template path, message, pong;
    struct bytes ack, ack_prefix, fail, ping;
    const char *subprotocol;
    uint8_t opcode;
    struct step steps[MAX_STEPS];
    size_t steps_count;
    struct fields *fields;
    size_t fields_count;
};

/* What the placeholders stand for, for one connection and one message. */
struct speaker {
    int connection;
    int chat;
    char role, peer;
    uint32_t sequence;
    int64_t intended;
    /* When the message was meant to leave: read back from it by the receiver. */
};

struct payload {
    int64_t intended;
    int chat;
    uint32_t sequence;
};

enum { PAYLOAD_LENGTH = 100, PAYLOAD_MARK = 37, CHAT_AT = 21, NUMBER_AT = 28 };

void read_profile(struct profile *profile, const char *path);
void read_fields(struct profile *profile, const char *path);

/* Appends `template`, filled in for `speaker`. */
void fill_in(const struct profile *profile, const struct template *template,
             const struct speaker *speaker, struct buffer *to);

/* Finds the next payload in `in` and drops everything up to its end. */
int next_payload(struct bytes *in, struct payload *found);

#endif
