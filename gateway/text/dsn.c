#include "text/dsn.h"

#include "base/err.h"
#include "base/utf8.h"
#include "text/mask.h"
#include "text/mime_read.h"

#include <stdio.h>
#include <stdlib.h>

enum { VALUE_SIZE = 1000, STATUS_SIZE = 12, GUESS_BYTES = 16384 };

struct reading {
    struct dsn *dsn;
    size_t parts;
    struct buf text;  /* of the part being read */
    struct buf plain; /* of the first text part, for the last resort */
};

static const char *const action_names[] = {[DSN_FAILED] = "failed",
                                           [DSN_DELAYED] = "delayed",
                                           [DSN_DELIVERED] = "delivered",
                                           [DSN_RELAYED] = "relayed"};

const char *dsn_action_name(enum dsn_action a)
{
    return a < DSN_ACTION_COUNT ? action_names[a] : "";
}

/* ---- codes ---- */

/* "." and up to three digits at *n. */
static bool skip_number(struct str s, size_t *n)
{
    size_t digits = 0;

    if (*n == s.len || s.ptr[(*n)++] != '.') {
        return false;
    }
    while (*n < s.len && digits < 3 && ascii_digit(s.ptr[*n])) {
        (*n)++;
        digits++;
    }
    return digits > 0;
}

/* Another number or letters follow: it was an address, a version, a name. */
static bool goes_on(struct str s, size_t n)
{
    return n < s.len && (ascii_alnum(s.ptr[n]) ||
                         (s.ptr[n] == '.' && n + 1 < s.len && ascii_digit(s.ptr[n + 1])));
}

/* "5.1.1" at the start of s (RFC 3463); its length, or 0. */
static size_t status_length(struct str s)
{
    size_t n = 1;

    if (s.len < 5 || (s.ptr[0] != '2' && s.ptr[0] != '4' && s.ptr[0] != '5') ||
        !skip_number(s, &n) || !skip_number(s, &n) || goes_on(s, n)) {
        return 0;
    }
    return n;
}

static bool at_word(struct str s, size_t i)
{
    return i == 0 || (!ascii_alnum(s.ptr[i - 1]) && s.ptr[i - 1] != '.');
}

/* The first status code in a text; false when there is none. */
static bool find_status(struct str s, char out[STATUS_SIZE])
{
    for (size_t i = 0; i < s.len; i++) {
        size_t n = at_word(s, i) ? status_length((struct str){s.ptr + i, s.len - i}) : 0;

        if (n > 0 && n < STATUS_SIZE) {
            (void)str_copy(out, STATUS_SIZE, (struct str){s.ptr + i, n});
            return true;
        }
    }
    out[0] = '\0';
    return false;
}

/* The first SMTP reply code in a text (RFC 5321 §4.2); false when there is none. */
static bool find_reply(struct str s, char out[4])
{
    for (size_t i = 0; i + 3 <= s.len; i++) {
        bool digits = strchr("245", s.ptr[i]) != NULL && s.ptr[i] != '\0' && s.ptr[i + 1] >= '0' &&
                      s.ptr[i + 1] <= '5' && ascii_digit(s.ptr[i + 2]);
        bool ends = i + 3 == s.len || s.ptr[i + 3] == ' ' || s.ptr[i + 3] == '-';

        if (digits && ends && at_word(s, i)) {
            (void)str_copy(out, 4, (struct str){s.ptr + i, 3});
            return true;
        }
    }
    out[0] = '\0';
    return false;
}

static bool is_vague(const char *status)
{
    return status[0] == '\0' || strcmp(status + 1, ".0.0") == 0;
}

/* The more exact of two that agree in their class. */
static const char *better_status(const char *field, const char *diagnostic)
{
    bool agree = field[0] == '\0' || diagnostic[0] == field[0];

    return is_vague(field) && diagnostic[0] != '\0' && agree ? diagnostic : field;
}

static void keep_detail(const char *text, char *out, size_t cap)
{
    struct buf masked;

    buf_init(&masked, VALUE_SIZE * 4);
    (void)mask_text(str_of(text), &masked);
    utf8_copy_clean(out, cap, str_of(buf_cstr(&masked)));
    buf_finish(&masked);
}

/* What the codes alone say. */
static enum dsn_action action_of_class(char class)
{
    return class == '2' ? DSN_DELIVERED : class == '4' ? DSN_DELAYED : DSN_FAILED;
}

static void take_codes(const char *status_field, const char *diagnostic,
                       struct dsn_recipient *recipient)
{
    char field[STATUS_SIZE];
    char found[STATUS_SIZE];
    char reply[4];
    const char *status;

    (void)find_status(str_of(status_field), field);
    (void)find_status(str_of(diagnostic), found);
    status = better_status(field, found);
    if (find_reply(str_of(diagnostic), reply) && status[0] != '\0' && reply[0] != status[0]) {
        reply[0] = '\0'; /* it is about something else */
    }
    (void)snprintf(recipient->code, sizeof recipient->code, "%s%s%s", reply,
                   reply[0] != '\0' && status[0] != '\0' ? " " : "", status);
    keep_detail(diagnostic, recipient->detail, sizeof recipient->detail);
}

/* ---- the structured part ---- */

/* "rfc822; a@b" without its type. */
static void keep_address(const char *value, char *out, size_t cap)
{
    const char *semicolon = strchr(value, ';');
    struct str s = str_trim(str_of(semicolon == NULL ? value : semicolon + 1));

    if (s.len > 1 && s.ptr[0] == '<' && s.ptr[s.len - 1] == '>') {
        s = (struct str){s.ptr + 1, s.len - 2};
    }
    (void)str_copy(out, cap, s);
}

static bool read_action(const char *value, enum dsn_action *ret)
{
    for (int i = 0; i < DSN_ACTION_COUNT; i++) {
        size_t n = strlen(action_names[i]);

        if (strlen(value) >= n && str_ieq((struct str){value, n}, str_of(action_names[i]))) {
            *ret = (enum dsn_action)i;
            return true;
        }
    }
    if (strlen(value) >= 8 && str_ieq((struct str){value, 8}, STR("expanded"))) {
        *ret = DSN_RELAYED;
        return true;
    }
    return false;
}

/* One group of fields. What has neither an action nor a code is about the message as a whole. */
static void read_group(struct reading *r, struct str group)
{
    struct dsn_recipient *recipient = &r->dsn->recipients[r->dsn->count];
    struct dsn_recipient fresh = {0};
    char value[VALUE_SIZE];
    char status[VALUE_SIZE];
    char diagnostic[VALUE_SIZE];
    bool acted;

    if (r->dsn->envelope_id[0] == '\0' &&
        mime_field(group, "Original-Envelope-Id", 0, value, sizeof value)) {
        (void)str_copy(r->dsn->envelope_id, sizeof r->dsn->envelope_id, str_of(value));
    }
    (void)mime_field(group, "Status", 0, status, sizeof status);
    (void)mime_field(group, "Diagnostic-Code", 0, diagnostic, sizeof diagnostic);
    (void)mime_field(group, "Action", 0, value, sizeof value);
    take_codes(status, diagnostic, &fresh);
    acted = read_action(value, &fresh.action);
    if (!acted && fresh.code[0] != '\0') {
        fresh.action = action_of_class(fresh.code[0]);
    } else if (!acted) {
        return;
    }
    if (r->dsn->count == DSN_RECIPIENTS_MAX) {
        return;
    }
    if (mime_field(group, "Original-Recipient", 0, value, sizeof value) ||
        mime_field(group, "Final-Recipient", 0, value, sizeof value)) {
        keep_address(value, fresh.address, sizeof fresh.address);
    }
    *recipient = fresh;
    r->dsn->count++;
}

/* Groups stand apart by empty lines; a Final-Recipient begins one too, when the line is missing. */
static void read_status(struct reading *r, struct str text)
{
    const char *begin = text.ptr;
    bool named = false;
    struct str line;

    while (mime_line(&text, &line)) {
        bool names = line.len > 15 && str_ieq((struct str){line.ptr, 15}, STR("Final-Recipient"));

        if (line.len == 0 || (names && named)) {
            read_group(r, (struct str){begin, (size_t)(line.ptr - begin)});
            begin = names ? line.ptr : text.ptr;
            named = false;
        }
        named = named || names;
    }
    read_group(r, (struct str){begin, (size_t)(text.ptr - begin)});
    if (r->dsn->count > 0) {
        r->dsn->kind = DSN_REPORT;
    }
}

/* ---- the parts ---- */

static void note_message_id(struct dsn *d, struct str head)
{
    char value[VALUE_SIZE];
    const char *open;

    if (d->message_id[0] != '\0' || !mime_field(head, "Message-ID", 0, value, sizeof value)) {
        return;
    }
    open = strchr(value, '<');
    open = open == NULL ? value : open + 1;
    (void)str_copy(d->message_id, sizeof d->message_id, (struct str){open, strcspn(open, "> ")});
}

static void walk(struct reading *r, struct str entity_text, int depth);

static void read_returned(struct reading *r, struct str text, int depth)
{
    struct mime_entity returned;

    mime_split(text, &returned);
    note_message_id(r->dsn, returned.head);
    if (r->dsn->kind == DSN_NONE) {
        walk(r, text, depth + 1); /* a report that somebody passed on */
    }
}

static void walk_parts(struct reading *r, const struct mime_entity *entity,
                       const struct mime_type *type, int depth)
{
    struct str part;
    size_t at = 0;

    while (r->parts < DSN_PARTS_MAX && mime_next_part(entity->body, type->boundary, &at, &part)) {
        r->parts++;
        walk(r, part, depth + 1);
    }
}

static bool is_one_of(const char *name, const char *a, const char *b)
{
    return strcmp(name, a) == 0 || strcmp(name, b) == 0;
}

static void walk(struct reading *r, struct str text, int depth)
{
    struct mime_entity entity;
    struct mime_type type;

    if (depth > DSN_DEPTH_MAX) {
        return;
    }
    mime_split(text, &entity);
    mime_type_of(entity.head, &type);
    if (strncmp(type.name, "multipart/", 10) == 0) {
        walk_parts(r, &entity, &type, depth);
    } else if (is_one_of(type.name, "message/rfc822", "message/global")) {
        read_returned(r, entity.body, depth);
    } else if (is_one_of(type.name, "message/delivery-status", "message/global-delivery-status")) {
        buf_reset(&r->text);
        mime_decode(entity.head, entity.body, &r->text);
        read_status(r, (struct str){r->text.data, r->text.len});
    } else if (is_one_of(type.name, "text/rfc822-headers", "message/global-headers")) {
        buf_reset(&r->text);
        mime_decode(entity.head, entity.body, &r->text);
        note_message_id(r->dsn, (struct str){r->text.data, r->text.len});
    } else if (strcmp(type.name, "text/plain") == 0 && r->plain.len == 0) {
        mime_decode(entity.head, entity.body, &r->plain);
    }
}

/* ---- the last resort ---- */

static bool holds(const char *text, const char *word)
{
    size_t len = strlen(text);
    size_t n = strlen(word);

    for (size_t i = 0; i + n <= len; i++) {
        if (str_ieq((struct str){text + i, n}, (struct str){word, n})) {
            return true;
        }
    }
    return false;
}

/* It comes from a mailer and is not somebody's absence notice (RFC 3834 §5). */
static bool is_from_mailer(struct str head)
{
    char value[VALUE_SIZE];

    (void)mime_field(head, "Auto-Submitted", 0, value, sizeof value);
    if (holds(value, "auto-replied")) {
        return false;
    }
    (void)mime_field(head, "From", 0, value, sizeof value);
    if (holds(value, "mailer-daemon") || holds(value, "postmaster")) {
        return true;
    }
    return mime_field(head, "Return-Path", 0, value, sizeof value) && strcmp(value, "<>") == 0;
}

/* A line that quotes another system, with a code of failure in it. */
static bool guess_line(struct str line, struct dsn_recipient *recipient)
{
    char text[VALUE_SIZE];
    char status[STATUS_SIZE];
    char reply[4];

    if (line.len >= sizeof text) {
        line.len = sizeof text - 1;
    }
    (void)str_copy(text, sizeof text, line);
    if (!find_status(line, status) && !(find_reply(line, reply) && holds(text, "said"))) {
        return false;
    }
    take_codes("", text, recipient);
    recipient->action = action_of_class(recipient->code[0]);
    return recipient->code[0] == '5' || recipient->code[0] == '4';
}

static void guess(struct reading *r)
{
    struct str text = {r->plain.data, r->plain.len < GUESS_BYTES ? r->plain.len : GUESS_BYTES};
    struct dsn_recipient recipient = {0};
    struct str line;

    while (mime_line(&text, &line)) {
        if (guess_line(line, &recipient)) {
            r->dsn->kind = DSN_GUESSED;
            r->dsn->recipients[0] = recipient;
            r->dsn->count = 1;
            if (recipient.action == DSN_FAILED) {
                return;
            }
        }
    }
}

/* ---- the whole ---- */

static void note_addresses(struct dsn *d, struct str head)
{
    static const char *const names[] = {"Delivered-To", "X-Original-To", "Envelope-To", "To"};
    char value[VALUE_SIZE];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (size_t n = 0; n < 3 && d->address_count < DSN_ADDRESSES_MAX; n++) {
            const char *open;

            if (!mime_field(head, names[i], n, value, sizeof value)) {
                break;
            }
            open = strchr(value, '<');
            open = open == NULL ? value : open + 1;
            (void)str_copy(d->addresses[d->address_count++], sizeof d->addresses[0],
                           (struct str){open, strcspn(open, ">, ")});
        }
    }
}

int dsn_read(struct str mail, struct dsn *ret)
{
    struct reading r = {.dsn = ret};
    struct mime_entity entity;
    bool no_memory;

    memset(ret, 0, sizeof *ret);
    buf_init(&r.text, DSN_PART_BYTES_MAX);
    buf_init(&r.plain, DSN_PART_BYTES_MAX);
    mime_split(mail, &entity);
    note_addresses(ret, entity.head);
    walk(&r, mail, 0);
    if (ret->kind == DSN_NONE && is_from_mailer(entity.head)) {
        guess(&r);
    }
    no_memory = buf_failed(&r.text) == ERR_NOMEM || buf_failed(&r.plain) == ERR_NOMEM;
    buf_finish(&r.text);
    buf_finish(&r.plain);
    return no_memory ? ERR_NOMEM : 0;
}

const struct dsn_recipient *dsn_verdict(const struct dsn *d)
{
    static const enum dsn_action order[] = {DSN_DELIVERED, DSN_FAILED};

    for (size_t k = 0; k < sizeof order / sizeof order[0]; k++) {
        for (size_t i = 0; i < d->count; i++) {
            if (d->recipients[i].action == order[k]) {
                return &d->recipients[i];
            }
        }
    }
    return d->count > 0 ? &d->recipients[0] : NULL;
}
