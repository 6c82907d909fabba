#include "providers/smpp/smpp_receipt.h"

#include <stdio.h>

enum { HEX_DIGITS_MAX = 32, DECIMAL_DIGITS_MAX = 39, TEXT_MAX = 512 };

/* message_state (§5.2.28) and the words of the text form, with what some centres write instead. */
static const struct state {
    uint8_t value;
    const char *word;
    const char *other;
    enum report_state state;
} states[] = {
    {1, "ENROUTE", "BUFFERED", REPORT_PENDING},
    {2, "DELIVRD", "DELIVERED", REPORT_DELIVERED},
    {3, "EXPIRED", "TIMEOUT", REPORT_EXPIRED},
    {4, "DELETED", "CANCELLED", REPORT_UNDELIVERED},
    {5, "UNDELIV", "UNDELIVERABLE", REPORT_UNDELIVERED},
    {6, "ACCEPTD", "ACCEPTED", REPORT_PENDING},
    {7, "UNKNOWN", "UNKNOWN", REPORT_PENDING},
    {8, "REJECTD", "REJECTED", REPORT_UNDELIVERED},
    {9, "SKIPPED", "FAILED", REPORT_UNDELIVERED},
    {0, "SCHEDLD", "SCHEDULED", REPORT_PENDING},
};

static const struct state *state_by_value(uint8_t value)
{
    for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
        if (states[i].value == value) {
            return &states[i];
        }
    }
    return NULL;
}

static const struct state *state_by_word(struct str word)
{
    for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
        if (str_ieq(word, str_of(states[i].word)) || str_ieq(word, str_of(states[i].other))) {
            return &states[i];
        }
    }
    return NULL;
}

/* ---- the text form ---- */

/* Where key begins in text, at the start of a word; the length of text when nowhere. */
static size_t find_key(struct str text, struct str key)
{
    for (size_t i = 0; i + key.len <= text.len; i++) {
        if ((i == 0 || !ascii_alnum(text.ptr[i - 1])) &&
            str_ieq((struct str){text.ptr + i, key.len}, key)) {
            return i;
        }
    }
    return text.len;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The word behind "key:"; empty when it is missing and the next key follows. */
static struct str value_at(struct str text, size_t at)
{
    struct str value = {text.ptr + at, 0};

    while (at < text.len && is_blank(text.ptr[at])) {
        at++;
    }
    value.ptr = text.ptr + at;
    while (at + value.len < text.len && !is_blank(value.ptr[value.len])) {
        if (value.ptr[value.len] == ':') {
            return (struct str){value.ptr, 0};
        }
        value.len++;
    }
    return value;
}

/* What follows "text:" was written by us, so it is looked at last. */
static struct str value_of(struct str text, struct str key)
{
    struct str head = {text.ptr, find_key(text, STR("text:"))};
    size_t at = find_key(head, key);

    if (at < head.len) {
        return value_at(head, at + key.len);
    }
    at = find_key(text, key);
    return at < text.len ? value_at(text, at + key.len) : (struct str){NULL, 0};
}

/* The message as bytes of ASCII: UCS-2 loses its high octets, which are zero in a receipt. */
static struct str read_text(const struct smpp_pdu *p, char space[TEXT_MAX])
{
    struct str m = smpp_pdu_has(p, SMPP_TLV_PAYLOAD) ? p->payload : p->message;
    size_t step = p->data_coding == 0x08 ? 2 : 1;
    size_t n = 0;

    for (size_t i = step - 1; i < m.len && n < TEXT_MAX; i += step) {
        space[n++] = m.ptr[i];
    }
    return (struct str){space, n};
}

/* ---- putting it together ---- */

/* The printable part of s, cut to cap. */
static void copy_clean(char *out, size_t cap, struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.len && n + 1 < cap; i++) {
        if (s.ptr[i] > ' ' && s.ptr[i] < 0x7F) {
            out[n++] = s.ptr[i];
        }
    }
    out[n] = '\0';
}

static void describe(const struct smpp_pdu *p, struct str text, struct smpp_receipt *r)
{
    char err[12];
    char date[16];
    int n = 0;

    copy_clean(err, sizeof(err), value_of(text, STR("err:")));
    copy_clean(date, sizeof(date), value_of(text, STR("done date:")));
    if (smpp_pdu_has(p, SMPP_TLV_NETWORK_ERROR)) {
        const uint8_t *e = (const uint8_t *)p->network_error.ptr;

        n = snprintf(r->detail, sizeof(r->detail), "network error %u/%u", (unsigned)e[0],
                     (unsigned)e[1] << 8 | e[2]);
    } else if (err[0] != '\0') {
        n = snprintf(r->detail, sizeof(r->detail), "err %s", err);
    }
    if (date[0] != '\0') {
        (void)snprintf(r->detail + n, sizeof(r->detail) - (size_t)n, "%sdone %s", n > 0 ? ", " : "",
                       date);
    }
}

static void set_state(const struct smpp_pdu *p, struct str word, struct smpp_receipt *r)
{
    const struct state *s = smpp_pdu_has(p, SMPP_TLV_MESSAGE_STATE)
                                ? state_by_value(p->message_state)
                                : state_by_word(word);

    if (s == NULL) {
        copy_clean(r->code, sizeof(r->code), word);
        r->state = REPORT_PENDING;
    } else {
        (void)snprintf(r->code, sizeof(r->code), "%s", s->word);
        r->state = s->state;
    }
    if ((p->esm_class & SMPP_ESM_TYPE) == SMPP_ESM_INTERMEDIATE) {
        r->state = REPORT_PENDING;
    }
}

bool smpp_receipt_read(const struct smpp_pdu *p, struct smpp_receipt *ret)
{
    unsigned type = p->esm_class & SMPP_ESM_TYPE;
    char space[TEXT_MAX];
    struct str text = read_text(p, space);
    struct str id = value_of(text, STR("id:"));
    struct str word = value_of(text, STR("stat:"));
    bool marked = type == SMPP_ESM_RECEIPT || type == SMPP_ESM_INTERMEDIATE;

    memset(ret, 0, sizeof(*ret));
    if (smpp_pdu_has(p, SMPP_TLV_RECEIPTED_ID)) {
        id = str_of(p->receipted_id);
    } else if (!marked && (id.len == 0 || word.len == 0)) {
        return false; /* some centres do not mark their receipts, but all name id and state */
    }
    copy_clean(ret->id, sizeof(ret->id), id);
    if (ret->id[0] == '\0') {
        return false;
    }
    set_state(p, word, ret);
    describe(p, text, ret);
    return true;
}

/* ---- forms of the id ---- */

static int digit_of(char c, int base)
{
    int v = ascii_digit(c) ? c - '0' : ascii_alpha(c) ? ascii_lower(c) - 'a' + 10 : base;

    return v < base ? v : -1;
}

/* digits = digits * 16 + v, least digit first. */
static size_t shift_in(unsigned char *digits, size_t count, int v)
{
    int carry = v;

    for (size_t i = 0; i < count; i++) {
        carry += digits[i] * 16;
        digits[i] = (unsigned char)(carry % 10);
        carry /= 10;
    }
    while (carry > 0) {
        digits[count++] = (unsigned char)(carry % 10);
        carry /= 10;
    }
    return count;
}

static void hex_to_decimal(char id[64])
{
    unsigned char digits[DECIMAL_DIGITS_MAX + 1] = {0};
    size_t length = strlen(id);
    size_t count = 0;

    if (length == 0 || length > HEX_DIGITS_MAX) {
        return;
    }
    for (size_t i = 0; i < length; i++) {
        int v = digit_of(id[i], 16);

        if (v < 0) {
            return;
        }
        count = shift_in(digits, count, v);
    }
    count = count == 0 ? 1 : count;
    for (size_t i = 0; i < count; i++) {
        id[i] = (char)('0' + digits[count - 1 - i]);
    }
    id[count] = '\0';
}

static void strip_zeros(char id[64])
{
    size_t zeros = strspn(id, "0");
    size_t length = strlen(id);

    if (length == 0 || strspn(id, "0123456789") != length) {
        return;
    }
    zeros = zeros == length ? length - 1 : zeros;
    memmove(id, id + zeros, length - zeros + 1);
}

void smpp_id_normalise(enum smpp_id_form form, enum smpp_id_side side, char id[64])
{
    char raw[64];
    bool hex = (form == SMPP_ID_HEX_DECIMAL && side == SMPP_ID_IN_ANSWER) ||
               (form == SMPP_ID_DECIMAL_HEX && side == SMPP_ID_IN_RECEIPT);

    (void)str_copy(raw, sizeof(raw), str_of(id));
    copy_clean(id, sizeof(raw), str_of(raw));
    if (hex) {
        hex_to_decimal(id);
    } else if (form != SMPP_ID_SAME) {
        strip_zeros(id);
    }
}
