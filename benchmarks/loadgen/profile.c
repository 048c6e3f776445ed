#define _GNU_SOURCE
#include "profile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum piece_kind kind;
} PLACEHOLDERS[] = {
    {"{chat}", CHAT},         {"{role}", ROLE},         {"{peer}", PEER},
    {"{connection}", CONNECTION}, {"{sequence}", SEQUENCE}, {"{payload}", PAYLOAD},
};

enum { PLACEHOLDERS_COUNT = sizeof PLACEHOLDERS / sizeof *PLACEHOLDERS };

/* Reads one character, escaped or not, and moves past it. */
static uint8_t read_character(const char **text)
{
    const char *at = *text;
    unsigned value;
    if (at[0] == '\\' && at[1] == 'x' && sscanf(at + 2, "%2x", &value) == 1) {
        *text += 4;
        return (uint8_t)value;
    }
    if (at[0] == '\\' && at[1]) {
        *text += 2;
        return at[1] == 'n' ? '\n' : at[1] == '0' ? '\0' : (uint8_t)at[1];
    }
    *text += 1;
    return (uint8_t)at[0];
}

static struct bytes unescape(const char *text)
{
    struct bytes plain = {allocate(strlen(text) + 1, 1), 0};
    while (*text)
        plain.at[plain.length++] = read_character(&text);
    return plain;
}

/* Reads a placeholder, if there is one, and moves past it. */
static int read_placeholder(const char **text, struct piece *piece)
{
    for (size_t i = 0; i < PLACEHOLDERS_COUNT; i++) {
        size_t length = strlen(PLACEHOLDERS[i].name);
        if (!strncmp(*text, PLACEHOLDERS[i].name, length)) {
            piece->kind = PLACEHOLDERS[i].kind;
            *text += length;
            return 1;
        }
    }
    int length = 0;
    if (sscanf(*text, "{field:%zu}%n", &piece->field, &length) == 1 && length) {
        if (piece->field >= MAX_FIELDS)
            give_up(2, "profile: too high a field");
        piece->kind = FIELD;
        *text += length;
        return 1;
    }
    return 0;
}

static struct template read_template(const char *text)
{
    /* Each piece takes a character of the text at least, so this is room enough. */
    struct template made = {allocate(strlen(text) + 1, sizeof(struct piece)), 0};
    while (*text) {
        struct piece piece = {LITERAL, 0, {NULL, 0}};
        if (!read_placeholder(&text, &piece)) {
            piece.literal.at = allocate(strlen(text) + 1, 1);
            struct piece ahead;
            const char *after = text;
            do {
                piece.literal.at[piece.literal.length++] = read_character(&text);
                after = text;
            } while (*text && !read_placeholder(&after, &ahead));
        }
        made.pieces[made.count++] = piece;
    }
    return made;
}

static void add_step(struct profile *profile, int waits, const char *value)
{
    if (profile->steps_count == MAX_STEPS)
        give_up(2, "profile: too many steps");
    struct step *step = &profile->steps[profile->steps_count++];
    step->waits = waits;
    if (waits)
        step->awaited = unescape(value);
    else
        step->frame = read_template(value);
}

static void read_directive(struct profile *profile, const char *name, const char *value)
{
    if (!strcmp(name, "path"))
        profile->path = read_template(value);
    else if (!strcmp(name, "subprotocol"))
        profile->subprotocol = copy_text(value);
    else if (!strcmp(name, "opcode"))
        profile->opcode = strcmp(value, "binary") ? 1 : 2;
    else if (!strcmp(name, "send") || !strcmp(name, "wait"))
        add_step(profile, *name == 'w', value);
    else if (!strcmp(name, "message"))
        profile->message = read_template(value);
    else if (!strcmp(name, "ack"))
        profile->ack = unescape(value);
    else if (!strcmp(name, "ack-prefix"))
        profile->ack_prefix = unescape(value);
    else if (!strcmp(name, "fail"))
        profile->fail = unescape(value);
    else if (!strcmp(name, "ping"))
        profile->ping = unescape(value);
    else if (!strcmp(name, "pong"))
        profile->pong = read_template(value);
    else
        give_up(2, "profile: unknown directive");
}

/* Calls `take` with each line of the file, its end cut off. */
static void each_line(const char *path, struct profile *profile,
                      void (*take)(struct profile *, char *))
{
    FILE *file = fopen(path, "r");
    if (!file)
        give_up_errno(path);
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, file) >= 0) {
        line[strcspn(line, "\n")] = '\0';
        take(profile, line);
    }
    free(line);
    fclose(file);
}

static void read_profile_line(struct profile *profile, char *line)
{
    if (!*line || *line == '#')
        return;
    char *space = strchr(line, ' ');
    if (space)
        *space = '\0';
    read_directive(profile, line, space ? space + 1 : "");
}

void read_profile(struct profile *profile, const char *path)
{
    profile->opcode = 1;
    profile->subprotocol = "";
    each_line(path, profile, read_profile_line);
}

static void read_fields_line(struct profile *profile, char *line)
{
    size_t count = profile->fields_count;
    if (!(count & (count - 1))) {
        size_t room = count ? 2 * count : 1;
        profile->fields = realloc(profile->fields, room * sizeof *profile->fields);
        if (!profile->fields)
            give_up_errno("memory");
    }
    struct fields *fields = &profile->fields[profile->fields_count++];
    memset(fields, 0, sizeof *fields);
    for (size_t i = 0; line && i < MAX_FIELDS; i++)
        fields->value[i] = unescape(strsep(&line, "\t"));
}

void read_fields(struct profile *profile, const char *path)
{
    each_line(path, profile, read_fields_line);
    if (!profile->fields_count)
        give_up(2, "fields: none");
}

static void append_payload(const struct speaker *speaker, struct buffer *to)
{
    char payload[PAYLOAD_LENGTH + 1];
    int length = snprintf(payload, sizeof payload, "@T%019" PRId64 "C%06dS%08" PRIu32,
                          speaker->intended, speaker->chat, speaker->sequence);
    memset(payload + length, 'x', sizeof payload - (size_t)length);
    append(to, payload, PAYLOAD_LENGTH);
}

/* The bytes of "@T" alone also stand in numbers: in msgpack's, a time of the wall has
 * them for one millisecond in 65 s. */
static int is_payload(const uint8_t *at)
{
    for (int i = 2; i < PAYLOAD_MARK; i++) {
        int right = i == CHAT_AT    ? at[i] == 'C'
                    : i == NUMBER_AT ? at[i] == 'S'
                                     : at[i] >= '0' && at[i] <= '9';
        if (!right)
            return 0;
    }
    return 1;
}

static uint8_t *find_payload(struct bytes in)
{
    static uint8_t mark[] = "@T";
    uint8_t *end = in.at + in.length, *at;
    while ((at = find(in, (struct bytes){mark, 2}))) {
        if (end - at < PAYLOAD_MARK)
            return NULL;
        if (is_payload(at))
            return at;
        in = (struct bytes){at + 1, (size_t)(end - at - 1)};
    }
    return NULL;
}

int next_payload(struct bytes *in, struct payload *found)
{
    uint8_t *at = find_payload(*in);
    if (!at)
        return 0;
    found->intended = strtoll((char *)at + 2, NULL, 10);
    found->chat = atoi((char *)at + CHAT_AT + 1);
    found->sequence = (uint32_t)strtoul((char *)at + NUMBER_AT + 1, NULL, 10);
    in->length -= (size_t)(at + PAYLOAD_MARK - in->at);
    in->at = at + PAYLOAD_MARK;
    return 1;
}

static void append_number(struct buffer *to, const char *format, int value)
{
    char text[16];
    int length = snprintf(text, sizeof text, format, value);
    append(to, text, (size_t)length);
}

static void append_field(const struct profile *profile, size_t field, int connection,
                         struct buffer *to)
{
    if ((size_t)connection >= profile->fields_count)
        give_up(2, "fields: fewer lines than connections");
    struct bytes value = profile->fields[connection].value[field];
    append(to, value.at, value.length);
}

void fill_in(const struct profile *profile, const struct template *template,
             const struct speaker *speaker, struct buffer *to)
{
    for (size_t i = 0; i < template->count; i++) {
        const struct piece *piece = &template->pieces[i];
        switch (piece->kind) {
        case LITERAL:
            append(to, piece->literal.at, piece->literal.length);
            break;
        case CHAT:
            append_number(to, "%06d", speaker->chat);
            break;
        case ROLE:
            append(to, &speaker->role, 1);
            break;
        case PEER:
            append(to, &speaker->peer, 1);
            break;
        case CONNECTION:
            append_number(to, "%06d", speaker->connection);
            break;
        case SEQUENCE:
            append_number(to, "%08d", 10000000 + (int)(speaker->sequence % 10000000));
            break;
        case PAYLOAD:
            append_payload(speaker, to);
            break;
        case FIELD:
            append_field(profile, piece->field, speaker->connection, to);
            break;
        }
    }
}
