/* RFC 6455 from the client's side, for servers that keep to it: no fragments. */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include "bytes.h"

enum opcode { OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

struct frame {
    uint8_t opcode;
    struct bytes payload;
};

/* Appends `payload`, masked, as one frame. */
void append_frame(struct buffer *to, uint8_t opcode, struct bytes payload);

/* Takes a whole frame off the front of `in`; returns 0 if it has not all come. */
int next_frame(struct bytes *in, struct frame *found);

/* Appends the request for an upgrade. */
void append_upgrade(struct buffer *to, struct bytes path, int port,
                    const char *subprotocol);

/* Takes the answer off the front of `in`; 0: not all here, -1: refused. */
int next_upgraded(struct bytes *in);

#endif
