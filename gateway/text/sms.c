#include "base/utf8.h"
#include "text/sms_alphabet.h"

static const struct {
    const char *name;
    const char *tr;
    const char *en;
} modes[SMS_MODE_COUNT] = {
    [SMS_GSM7] = {"gsm7", "7 bit (GSM alfabesi)", "7-bit (GSM alphabet)"},
    [SMS_TR_SINGLE] = {"tr_single", "Türkçe 7 bit (tek kaydırma)", "Turkish 7-bit (single shift)"},
    [SMS_TR_LOCKING] = {"tr_locking", "Türkçe 7 bit (kilitli kaydırma)",
                        "Turkish 7-bit (locking shift)"},
    [SMS_TR_BOTH] = {"tr_both", "Türkçe 7 bit (iki kaydırma)", "Turkish 7-bit (both shifts)"},
    [SMS_UCS2] = {"ucs2", "UCS-2 (16 bit)", "UCS-2 (16-bit)"},
};

const char *sms_mode_name(enum sms_mode mode)
{
    return modes[mode].name;
}

const char *sms_mode_label(enum sms_mode mode, bool turkish)
{
    return turkish ? modes[mode].tr : modes[mode].en;
}

static bool same_name(struct str s, const char *name)
{
    if (s.len != strlen(name)) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i] == '-' ? '_' : ascii_lower(s.ptr[i]);

        if (c != name[i]) {
            return false;
        }
    }
    return true;
}

enum sms_mode sms_mode_parse(struct str s)
{
    enum sms_mode mode = 0;

    while (mode < SMS_MODE_COUNT && !same_name(s, modes[mode].name)) {
        mode++;
    }
    return mode;
}

unsigned sms_capacity(enum sms_mode mode, bool concat, bool wide_ref)
{
    unsigned room = SMS_OCTETS_MAX - sms_header_octets(mode, concat, wide_ref);

    return mode == SMS_UCS2 ? room / 2 : room * 8 / 7;
}

/* Adds n units that must stay together. */
static void place(struct sms_measure *m, unsigned n, unsigned *fill, uint32_t position)
{
    if (*fill + n > m->capacity) {
        if (m->segments < SMS_SEGMENTS_MAX) {
            m->start[m->segments] = position;
        }
        m->segments++;
        *fill = 0;
    }
    *fill += n;
    if (m->segments <= SMS_SEGMENTS_MAX) {
        m->fill[m->segments - 1] = (uint16_t)*fill;
    }
}

static void spread(struct str text, enum sms_mode mode, unsigned reserve, struct sms_measure *m)
{
    unsigned fill = 0;
    uint32_t position = 0;
    uint32_t cp;
    uint16_t units[2];

    m->segments = 1;
    for (size_t at = 0; at < text.len; position++) {
        at += utf8_decode((struct str){text.ptr + at, text.len - at}, &cp);
        place(m, sms_encode_char(mode, cp, units), &fill, position);
    }
    for (unsigned i = 0; i < reserve; i++) {
        place(m, 1, &fill, position);
    }
}

static void blame(struct sms_measure *m, uint32_t cp, size_t byte, bool fatal)
{
    if (m->culprit.cp != 0 && !(fatal && m->encodable)) {
        return;
    }
    m->culprit = (struct sms_culprit){
        .cp = cp, .position = m->chars, .byte = byte, .cheaper = sms_cheaper(cp)};
}

/* Counts characters and units, and finds the culprit. */
static int scan(struct str text, enum sms_mode mode, struct sms_measure *m, struct err *e)
{
    uint16_t units[2];
    uint32_t cp;
    size_t n;

    m->encodable = true;
    for (size_t at = 0; at < text.len; at += n, m->chars++) {
        unsigned cost;

        n = utf8_decode((struct str){text.ptr + at, text.len - at}, &cp);
        if (n == 0) {
            return err_set(e, ERR_INVALID, "the text is not valid UTF-8 at byte %zu", at);
        }
        cost = sms_encode_char(mode, cp, units);
        m->units += cost;
        if (cost == 0) {
            blame(m, cp, at, true);
            m->encodable = false;
        } else if (cost > 1) {
            blame(m, cp, at, false);
        }
    }
    return 0;
}

int sms_measure(struct str text, enum sms_mode mode, const struct sms_options *o,
                struct sms_measure *ret, struct err *e)
{
    static const struct sms_options none;
    int rc;

    o = o == NULL ? &none : o;
    memset(ret, 0, sizeof(*ret));
    if (text.len > SMS_TEXT_MAX) {
        return err_set(e, ERR_LIMIT, "the text is longer than %d bytes", SMS_TEXT_MAX);
    }
    if (o->reserve > SMS_RESERVE_MAX) {
        return err_set(e, ERR_INVALID, "a reserve of %u characters is more than %d", o->reserve,
                       SMS_RESERVE_MAX);
    }
    rc = scan(text, mode, ret, e);
    if (rc != 0) {
        return rc;
    }
    if (!ret->encodable) {
        ret->units = 0;
        return 0;
    }
    ret->capacity = sms_capacity(mode, false, false);
    ret->segments = 1;
    ret->fill[0] = (uint16_t)(ret->units + o->reserve);
    if (ret->units + o->reserve > ret->capacity) {
        ret->capacity = sms_capacity(mode, true, o->wide_ref);
        spread(text, mode, o->reserve, ret);
    }
    return 0;
}

static int refuse(const struct sms_measure *m, struct err *e)
{
    return err_set(e, ERR_UNSUPPORTED,
                   "character U+%04X at position %zu is in none of the allowed SMS alphabets",
                   (unsigned)m->culprit.cp, m->culprit.position + 1);
}

/* Is a candidate better than what we have: it carries the text, or fails later. */
static bool better(const struct sms_measure *a, const struct sms_measure *b)
{
    if (a->encodable != b->encodable) {
        return a->encodable;
    }
    return a->encodable ? a->segments < b->segments : a->culprit.position > b->culprit.position;
}

int sms_choose(struct str text, unsigned allowed, const struct sms_options *o,
               enum sms_mode *ret_mode, struct sms_measure *ret, struct err *e)
{
    struct sms_measure m;
    bool first = true;

    /* One segment cannot be beaten: the modes after it need not be tried. */
    for (enum sms_mode mode = 0;
         mode < SMS_MODE_COUNT && (first || !ret->encodable || ret->segments > 1); mode++) {
        int rc;

        if ((allowed & 1u << mode) == 0) {
            continue;
        }
        rc = sms_measure(text, mode, o, &m, e);
        if (rc != 0) {
            return rc;
        }
        if (first || better(&m, ret)) {
            *ret = m;
            *ret_mode = mode;
            first = false;
        }
    }
    if (first) {
        return err_set(e, ERR_INVALID, "no SMS mode is allowed");
    }
    if (!ret->encodable) {
        return refuse(ret, e);
    }
    return ret->segments <= SMS_SEGMENTS_MAX
               ? 0
               : err_set(e, ERR_LIMIT, "the text needs %u segments, %d is the limit", ret->segments,
                         SMS_SEGMENTS_MAX);
}

static struct sms_costly *find_costly(struct sms_costly *list, size_t count, uint32_t cp)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].cp == cp) {
            return &list[i];
        }
    }
    return NULL;
}

size_t sms_costly(struct str text, enum sms_mode mode, struct sms_costly *list, size_t cap)
{
    size_t count = 0;
    size_t position = 0;
    uint32_t cp = 0;
    uint16_t units[2];

    for (size_t at = 0, n; at < text.len; at += n, position++) {
        struct sms_costly *known;
        unsigned cost;

        n = utf8_decode((struct str){text.ptr + at, text.len - at}, &cp);
        cost = n == 0 ? 1 : sms_encode_char(mode, cp, units);
        n = n == 0 ? 1 : n;
        if (cost == 1) {
            continue;
        }
        known = find_costly(list, count, cp);
        if (known == NULL && count < cap) {
            known = &list[count++];
            *known = (struct sms_costly){
                .cp = cp, .units = cost, .position = position, .cheaper = sms_cheaper(cp)};
        }
        if (known != NULL) {
            known->count++;
        }
    }
    return count;
}
