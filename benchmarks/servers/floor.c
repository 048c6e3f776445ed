/* The floor: what a relay costs that does nothing but its system calls.
 *
 * One recv, one send to each other connection of the chat, one send back, and no more
 * parsing than finding two strings. It knows the load generator: its one upgrade key,
 * its mask and that its frames come whole. Not a server for anybody else.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CHATS = 100000, MAX_EVENTS = 512, RECEIVE = 1 << 16, MAX_TEXT = 1024 };

struct connection {
    int socket;
    int chat; /* -1 before the upgrade */
    struct connection *next, *previous;
};

static struct connection *chats[MAX_CHATS];

/* The answer to the key of RFC 6455's example. */
static const char UPGRADED[] = "HTTP/1.1 101 Switching Protocols\r\n"
                               "Upgrade: websocket\r\n"
                               "Connection: Upgrade\r\n"
                               "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                               "\r\n";

static void join(struct connection *connection, int chat)
{
    connection->chat = chat;
    connection->next = chats[chat];
    if (connection->next)
        connection->next->previous = connection;
    chats[chat] = connection;
}

static void leave(struct connection *connection)
{
    if (connection->previous)
        connection->previous->next = connection->next;
    else if (connection->chat >= 0)
        chats[connection->chat] = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    close(connection->socket);
    free(connection);
}

static void transmit(int socket, const char *text, size_t length)
{
    unsigned char frame[MAX_TEXT + 4] = {0x81, (unsigned char)length};
    size_t head = 2;
    if (length >= 126) {
        frame[1] = 126;
        frame[2] = (unsigned char)(length >> 8);
        frame[3] = (unsigned char)length;
        head = 4;
    }
    memcpy(frame + head, text, length);
    send(socket, frame, head + length, MSG_NOSIGNAL);
}

static void upgrade(struct connection *connection, const char *request)
{
    const char *chat = strstr(request, "chat=");
    join(connection, chat ? atoi(chat + 5) % MAX_CHATS : 0);
    send(connection->socket, UPGRADED, sizeof UPGRADED - 1, MSG_NOSIGNAL);
}

/* Returns the text between `before` and the next quote. */
static const char *quoted(const char *in, size_t room, const char *before, int *length)
{
    const char *start = memmem(in, room, before, strlen(before));
    if (!start)
        return NULL;
    start += strlen(before);
    const char *end = memchr(start, '"', room - (size_t)(start - in));
    *length = end ? (int)(end - start) : 0;
    return start;
}

static void relay(struct connection *connection, const char *message, size_t length)
{
    char text[MAX_TEXT];
    int id_length, body_length;
    const char *id = quoted(message, length, "\"id\":\"", &id_length);
    const char *body = quoted(message, length, "\"body\":\"", &body_length);
    if (!id || !body)
        return;
    int made = snprintf(text, sizeof text,
                        "{\"t\":\"msg\",\"from\":\"c\",\"body\":\"%.*s\"}", body_length,
                        body);
    for (struct connection *other = chats[connection->chat]; other; other = other->next)
        if (other != connection)
            transmit(other->socket, text, (size_t)made);
    made = snprintf(text, sizeof text, "{\"t\":\"ack\",\"id\":\"%.*s\"}", id_length, id);
    transmit(connection->socket, text, (size_t)made);
}

static void take_frames(struct connection *connection, unsigned char *at, size_t room)
{
    while (room >= 6) {
        size_t length = at[1] & 127, head = 2;
        if (length == 126) {
            length = (size_t)at[2] << 8 | at[3];
            head = 4;
        }
        unsigned char *mask = at + head, *payload = mask + 4;
        if (room < head + 4 + length)
            return;
        for (size_t i = 0; i < length; i++)
            payload[i] ^= mask[i & 3];
        relay(connection, (char *)payload, length);
        at += head + 4 + length;
        room -= head + 4 + length;
    }
}

static void receive(struct connection *connection)
{
    static unsigned char received[RECEIVE + 1];
    ssize_t length = recv(connection->socket, received, RECEIVE, 0);
    if (length < 0 && errno == EAGAIN)
        return;
    if (length <= 0) {
        leave(connection);
        return;
    }
    received[length] = '\0';
    if (connection->chat < 0)
        upgrade(connection, (char *)received);
    else
        take_frames(connection, received, (size_t)length);
}

static void accept_all(int listener, int epoll)
{
    int on = 1;
    for (int socket; (socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        struct connection *connection = calloc(1, sizeof *connection);
        if (!connection)
            exit(1);
        connection->socket = socket;
        connection->chat = -1;
        /* An ack after a delivery would wait for the receiver's delayed ack: 24 ms. */
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
    }
}

static int listen_on(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) ||
        listen(listener, 4096)) {
        perror("floor");
        exit(1);
    }
    return listener;
}

int main(int count, char **words)
{
    if (count != 2)
        return 2;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int listener = listen_on(atoi(words[1])), epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        struct epoll_event events[MAX_EVENTS];
        int ready = epoll_wait(epoll, events, MAX_EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr)
                receive(events[i].data.ptr);
            else
                accept_all(listener, epoll);
        }
    }
}
