/* Bytes of a known length, and a buffer of them that grows. */
#ifndef BYTES_H
#define BYTES_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
    uint8_t *at;
    size_t length;
};

struct buffer {
    uint8_t *at;
    size_t length;
    size_t room;
};

/* Says what went wrong, with errno's text if `with_errno`, and ends the program. */
_Noreturn void give_up(int status, const char *what);
_Noreturn void give_up_errno(const char *what);

/* Like their namesakes, but never NULL. */
void *allocate(size_t count, size_t size);
char *copy_text(const char *text);

void append(struct buffer *to, const void *from, size_t length);
/* Drops the first `length` bytes; an empty buffer gives its memory back. */
void drop_front(struct buffer *from, size_t length);

/* Where `wanted` starts in `in`, or NULL; never found if empty. */
uint8_t *find(struct bytes in, struct bytes wanted);
int starts_with(struct bytes whole, struct bytes beginning);

#endif
