/* Numbers, lists and ids as vendors write them. */
#include "simulate/parts.h"

#include <stdio.h>

bool sim_number(struct str s, char out[20])
{
    struct phone p;
    size_t n = 0;

    if (phone_parse(s, &p) == PHONE_OK) {
        (void)snprintf(out, 20, "%.15s", p.e164 + 1);
        return true;
    }
    for (size_t i = 0; i < s.len && n < 15; i++) {
        if (ascii_digit(s.ptr[i])) {
            out[n++] = s.ptr[i];
        }
    }
    out[n] = '\0';
    return n >= 5;
}

static bool separates(char c)
{
    return c == ' ' || c == ',' || c == ';' || c == '|' || c == '\t' || c == '\n' || c == '\r';
}

static void each_word(struct str s, void (*see)(void *ctx, struct str part), void *ctx)
{
    while (s.len > 0) {
        size_t n = 0;

        while (n < s.len && !separates(s.ptr[n])) {
            n++;
        }
        if (n > 0) {
            see(ctx, (struct str){s.ptr, n});
        }
        n += n < s.len;
        s = (struct str){s.ptr + n, s.len - n};
    }
}

static void each_scalar(const struct json *v, void (*see)(void *ctx, struct str part), void *ctx)
{
    char digits[40];

    if (json_type(v) == JSON_STRING) {
        each_word(json_str(v), see, ctx);
    } else if (json_type(v) == JSON_NUMBER) {
        see(ctx, json_number_text(v, digits));
    } else if (json_type(v) == JSON_OBJECT) {
        each_word(json_str(json_get(v, "#")), see, ctx); /* an XML element */
    }
}

void sim_each_part(const struct json *v, void (*see)(void *ctx, struct str part), void *ctx)
{
    if (json_type(v) != JSON_ARRAY) {
        each_scalar(v, see, ctx);
        return;
    }
    for (const struct json *item = json_first(v); item != NULL; item = json_next(item)) {
        each_scalar(item, see, ctx);
    }
}

static void add_random(struct simulator *s, struct buf *out, const char *alphabet, size_t n)
{
    size_t kinds = strlen(alphabet);

    for (size_t i = 0; i < n; i++) {
        size_t pick = rng_below(&s->rng, kinds - (i == 0 && kinds == 10));

        (void)buf_addc(out, alphabet[pick + (i == 0 && kinds == 10)]);
    }
}

void sim_make_id(struct simulator *s, const char *form, char out[LEDGER_ID_MAX])
{
    const char *open = strchr(form, '{');
    struct buf id;
    int64_t n = 0;

    buf_init(&id, LEDGER_ID_MAX);
    (void)buf_add(&id, form, open == NULL ? strlen(form) : (size_t)(open - form));
    if (open != NULL && strchr(open, ':') != NULL) {
        const char *colon = strchr(open, ':');

        (void)str_i64((struct str){colon + 1, strcspn(colon + 1, "}")}, &n);
        n = n < 1 || n > 64 ? 16 : n;
    }
    if (open != NULL && strncmp(open, "{digits", 7) == 0) {
        add_random(s, &id, "0123456789", (size_t)n);
    } else if (open != NULL && strncmp(open, "{hex", 4) == 0) {
        add_random(s, &id, "0123456789abcdef", (size_t)n);
    } else if (open != NULL && strncmp(open, "{HEX", 4) == 0) {
        add_random(s, &id, "0123456789ABCDEF", (size_t)n);
    } else if (open != NULL) {
        (void)buf_add_int(&id, (int64_t)(20212 + s->job_count++), 1);
    }
    (void)snprintf(out, LEDGER_ID_MAX, "%s", buf_cstr(&id));
    buf_finish(&id);
}
