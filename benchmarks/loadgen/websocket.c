#define _GNU_SOURCE
#include "websocket.h"

#include <stdio.h>
#include <string.h>

/* One mask for all: it hides nothing on a loopback, and servers undo any alike. */
static const uint8_t MASK[4] = {0x12, 0x34, 0x56, 0x78};

/* The key of RFC 6455's example, so that a floor may know the answer by heart. */
static const char REQUEST[] = "GET %.*s HTTP/1.1\r\n"
                              "Host: 127.0.0.1:%d\r\n"
                              "Upgrade: websocket\r\n"
                              "Connection: Upgrade\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                              "Sec-WebSocket-Version: 13\r\n"
                              "%s%s%s\r\n";

void append_frame(struct buffer *to, uint8_t opcode, struct bytes payload)
{
    uint8_t head[8] = {0x80 | opcode};
    size_t length = 2;
    if (payload.length < 126) {
        head[1] = 0x80 | (uint8_t)payload.length;
    } else if (payload.length < 65536) {
        head[1] = 0x80 | 126;
        head[2] = (uint8_t)(payload.length >> 8);
        head[3] = (uint8_t)payload.length;
        length = 4;
    } else {
        give_up(2, "a frame of 64 KiB or more is more than this sends");
    }
    memcpy(head + length, MASK, 4);
    append(to, head, length + 4);
    append(to, payload.at, payload.length);
    uint8_t *masked = to->at + to->length - payload.length;
    for (size_t i = 0; i < payload.length; i++)
        masked[i] ^= MASK[i & 3];
}

int next_frame(struct bytes *in, struct frame *found)
{
    if (in->length < 2)
        return 0;
    size_t head = 2, length = in->at[1] & 127;
    if (length >= 126) {
        size_t more = length == 126 ? 2 : 8;
        if (in->length < head + more)
            return 0;
        length = 0;
        while (more--)
            length = length << 8 | in->at[head++];
    }
    if (in->length < head + length)
        return 0;
    found->opcode = in->at[0] & 15;
    found->payload = (struct bytes){in->at + head, length};
    in->at += head + length;
    in->length -= head + length;
    return 1;
}

void append_upgrade(struct buffer *to, struct bytes path, int port,
                    const char *subprotocol)
{
    char request[2048];
    int length = snprintf(request, sizeof request, REQUEST, (int)path.length, path.at,
                          port, *subprotocol ? "Sec-WebSocket-Protocol: " : "",
                          subprotocol, *subprotocol ? "\r\n" : "");
    if (length < 0 || (size_t)length >= sizeof request)
        give_up(2, "profile: too long a path");
    append(to, request, (size_t)length);
}

int next_upgraded(struct bytes *in)
{
    static uint8_t end[] = "\r\n\r\n";
    uint8_t *at = find(*in, (struct bytes){end, 4});
    if (!at)
        return 0;
    if (in->length < 12 || memcmp(in->at + 8, " 101", 4)) {
        fprintf(stderr, "loadgen: upgrade refused: %.80s\n", in->at);
        return -1;
    }
    in->length -= (size_t)(at + 4 - in->at);
    in->at = at + 4;
    return 1;
}
