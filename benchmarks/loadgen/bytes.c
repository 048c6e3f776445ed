#define _GNU_SOURCE
#include "bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void give_up(int status, const char *what)
{
    fprintf(stderr, "loadgen: %s\n", what);
    exit(status);
}

_Noreturn void give_up_errno(const char *what)
{
    fprintf(stderr, "loadgen: %s: %s\n", what, strerror(errno));
    exit(2);
}

void *allocate(size_t count, size_t size)
{
    void *made = calloc(count, size);
    if (!made)
        give_up_errno("memory");
    return made;
}

char *copy_text(const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        give_up_errno("memory");
    return copy;
}

void append(struct buffer *to, const void *from, size_t length)
{
    if (to->length + length > to->room) {
        to->room = 2 * to->room + length;
        to->at = realloc(to->at, to->room);
        if (!to->at)
            give_up_errno("memory");
    }
    memcpy(to->at + to->length, from, length);
    to->length += length;
}

void drop_front(struct buffer *from, size_t length)
{
    from->length -= length;
    if (from->length) {
        memmove(from->at, from->at + length, from->length);
        return;
    }
    free(from->at);
    *from = (struct buffer){0};
}

uint8_t *find(struct bytes in, struct bytes wanted)
{
    if (!wanted.length)
        return NULL;
    return memmem(in.at, in.length, wanted.at, wanted.length);
}

int starts_with(struct bytes whole, struct bytes beginning)
{
    return beginning.length && whole.length >= beginning.length &&
           !memcmp(whole.at, beginning.at, beginning.length);
}
