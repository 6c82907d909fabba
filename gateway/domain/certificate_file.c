/*
 * The case file as bytes: {"case":[numbers],"fact":{canonical fact}}. Numbers are in the order of
 * `numbers` below; the list may be shorter in files from before a number was added.
 */
#include "base/err.h"
#include "domain/certificate.h"

enum { FIXED_NUMBERS = 10, NUMBERS_MAX = FIXED_NUMBERS + EVENT_TYPE_COUNT, DIGITS_MAX = 20 };

/*
 * 0 for no earlier certificate, else when its end was told last; if it never was, when a renewal
 * told of the present one, which is never older than the present one; 1 if none of them is known.
 */
static int64_t former_of(const struct case_file *c)
{
    if (!c->extended) {
        return 0;
    }
    if (c->former_told_ms > 0) {
        return c->former_told_ms;
    }
    return c->renewal_told_ms > 0 ? c->renewal_told_ms : 1;
}

static void numbers_of(const struct case_file *c, int64_t out[NUMBERS_MAX])
{
    out[0] = c->state;
    out[1] = c->cycle;
    out[2] = former_of(c);
    out[3] = c->end_told_ms;
    out[4] = c->end_since_ms;
    out[5] = c->other_end_ms;
    out[6] = c->eonay_told_ms;
    out[7] = c->blocked_said_ms;
    out[8] = c->doubted_end_ms;
    out[9] = c->doubted_told_ms;
    memcpy(out + FIXED_NUMBERS, c->seen_ms, sizeof c->seen_ms);
}

int case_write(const struct case_file *c, struct buf *out)
{
    char text[NUMBERS_MAX * (DIGITS_MAX + 1)];
    char *at = text;
    int64_t numbers[NUMBERS_MAX];

    numbers_of(c, numbers);
    for (size_t i = 0; i < NUMBERS_MAX; i++) {
        *at++ = i == 0 ? '[' : ',';
        at = str_put_u64(at, (uint64_t)numbers[i]); /* times, counts and states */
    }
    (void)buf_adds(out, "{\"case\":");
    (void)buf_add(out, text, (size_t)(at - text));
    (void)buf_adds(out, "],\"fact\":");
    (void)fact_canonical(&c->known, out);
    (void)buf_addc(out, '}');
    return buf_failed(out);
}

/* Takes as many leading bytes off s as prefix has; false when they differ. */
static bool step_over(struct str *s, const char *prefix)
{
    size_t n = strlen(prefix);

    if (!str_starts(*s, prefix)) {
        return false;
    }
    *s = (struct str){s->ptr + n, s->len - n};
    return true;
}

/* "1,2,3]" from the front of s. */
static int read_numbers(struct str *s, int64_t out[NUMBERS_MAX])
{
    for (size_t i = 0; i < NUMBERS_MAX; i++) {
        size_t n = 0;

        while (n < s->len && ascii_digit(s->ptr[n])) {
            n++;
        }
        if (n == s->len || str_i64((struct str){s->ptr, n}, &out[i]) != 0) {
            return ERR_CORRUPT;
        }
        *s = (struct str){s->ptr + n, s->len - n};
        if (step_over(s, "]")) {
            return i + 1 >= FIXED_NUMBERS ? 0 : ERR_CORRUPT;
        }
        if (!step_over(s, ",")) {
            return ERR_CORRUPT;
        }
    }
    return ERR_CORRUPT;
}

static int take_numbers(struct case_file *c, const int64_t numbers[NUMBERS_MAX])
{
    if (numbers[0] >= CASE_STATE_COUNT || numbers[1] > INT32_MAX) {
        return ERR_CORRUPT;
    }
    c->state = (enum case_state)numbers[0];
    c->cycle = (int)numbers[1];
    c->extended = numbers[2] != 0;
    c->end_told_ms = numbers[3];
    c->end_since_ms = numbers[4];
    if (numbers[2] > 1) {
        *(numbers[2] < c->end_since_ms ? &c->former_told_ms : &c->renewal_told_ms) = numbers[2];
    }
    c->other_end_ms = numbers[5];
    c->eonay_told_ms = numbers[6];
    c->blocked_said_ms = numbers[7];
    c->doubted_end_ms = numbers[8];
    c->doubted_told_ms = numbers[9];
    memcpy(c->seen_ms, numbers + FIXED_NUMBERS, sizeof c->seen_ms);
    return 0;
}

int case_read(struct str text, struct case_file *ret)
{
    int64_t numbers[NUMBERS_MAX] = {0};

    case_init(ret);
    if (!step_over(&text, "{\"case\":[") || read_numbers(&text, numbers) != 0 ||
        !step_over(&text, ",\"fact\":") || text.len == 0 || text.ptr[text.len - 1] != '}' ||
        take_numbers(ret, numbers) != 0) {
        return ERR_CORRUPT;
    }
    return fact_read_canonical((struct str){text.ptr, text.len - 1}, &ret->known);
}
