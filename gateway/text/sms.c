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
    uint32_t cp = 0;

    m->segments = 1;
    for (size_t at = 0; at < text.len; position++) {
        at += utf8_decode((struct str){text.ptr + at, text.len - at}, &cp);
        place(m, sms_class_cost[mode][sms_class_of(cp)], &fill, position);
    }
    for (unsigned i = 0; i < reserve; i++) {
        place(m, 1, &fill, position);
    }
}

/* How many characters of each class, and where the first of each stands: all modes follow. */
struct survey {
    struct str text;
    unsigned chars;
    unsigned count[SMS_CLASS_COUNT];
    size_t position[SMS_CLASS_COUNT]; /* characters before the first, where there is one */
    size_t byte[SMS_CLASS_COUNT];
};

static void note(struct survey *s, enum sms_class class, size_t byte)
{
    if (s->count[class]++ == 0) {
        s->position[class] = s->chars;
        s->byte[class] = byte;
    }
    s->chars++;
}

static int survey(struct str text, struct survey *ret, struct err *e)
{
    size_t at = 0;

    *ret = (struct survey){.text = text};
    while (at < text.len) {
        unsigned char first = (unsigned char)text.ptr[at];
        uint32_t cp = first;
        size_t n = first < 0x80 ? 1 : utf8_decode((struct str){text.ptr + at, text.len - at}, &cp);

        if (n == 0) {
            return err_set(e, ERR_INVALID, "the text is not valid UTF-8 at byte %zu", at);
        }
        note(ret, sms_class_of(cp), at);
        at += n;
    }
    return 0;
}

/* The class that stands first among those for which the mode has these costs. */
static enum sms_class first_class(const struct survey *s, enum sms_mode mode, bool missing)
{
    enum sms_class found = SMS_CLASS_COUNT;

    for (enum sms_class c = 0; c < SMS_CLASS_COUNT; c++) {
        unsigned cost = sms_class_cost[mode][c];

        if (s->count[c] > 0 && (missing ? cost == 0 : cost > 1) &&
            (found == SMS_CLASS_COUNT || s->byte[c] < s->byte[found])) {
            found = c;
        }
    }
    return found;
}

static void blame(const struct survey *s, enum sms_class class, struct sms_measure *m)
{
    size_t at = s->byte[class];

    (void)utf8_decode((struct str){s->text.ptr + at, s->text.len - at}, &m->culprit.cp);
    m->culprit.position = s->position[class];
    m->culprit.byte = at;
    m->culprit.cheaper = sms_cheaper(m->culprit.cp);
}

/* What the survey says of one mode; fill and start only of the segments there are. */
static void judge(const struct survey *s, enum sms_mode mode, const struct sms_options *o,
                  struct sms_measure *ret)
{
    enum sms_class class = first_class(s, mode, true);

    ret->encodable = class == SMS_CLASS_COUNT;
    ret->chars = s->chars;
    ret->units = 0;
    ret->segments = 0;
    ret->capacity = 0;
    ret->culprit = (struct sms_culprit){0};
    class = ret->encodable ? first_class(s, mode, false) : class;
    if (class != SMS_CLASS_COUNT) {
        blame(s, class, ret);
    }
    if (!ret->encodable) {
        return;
    }
    for (class = 0; class < SMS_CLASS_COUNT; class ++) {
        ret->units += s->count[class] * sms_class_cost[mode][class];
    }
    ret->capacity = sms_capacity(mode, false, false);
    ret->segments = 1;
    ret->start[0] = 0;
    ret->fill[0] = (uint16_t)(ret->units + o->reserve);
    if (ret->units + o->reserve > ret->capacity) {
        ret->capacity = sms_capacity(mode, true, o->wide_ref);
        spread(s->text, mode, o->reserve, ret);
    }
}

static int look(struct str text, const struct sms_options *o, struct survey *ret, struct err *e)
{
    if (text.len > SMS_TEXT_MAX) {
        return err_set(e, ERR_LIMIT, "the text is longer than %d bytes", SMS_TEXT_MAX);
    }
    if (o->reserve > SMS_RESERVE_MAX) {
        return err_set(e, ERR_INVALID, "a reserve of %u characters is more than %d", o->reserve,
                       SMS_RESERVE_MAX);
    }
    return survey(text, ret, e);
}

static const struct sms_options no_options;

int sms_measure(struct str text, enum sms_mode mode, const struct sms_options *o,
                struct sms_measure *ret, struct err *e)
{
    struct survey s;
    int rc;

    o = o == NULL ? &no_options : o;
    memset(ret, 0, sizeof(*ret));
    rc = look(text, o, &s, e);
    if (rc == 0) {
        judge(&s, mode, o, ret);
    }
    return rc;
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

/* Judges the allowed modes in turn. One segment cannot be beaten: what follows need not be tried.
 */
static bool choose(const struct survey *s, unsigned allowed, const struct sms_options *o,
                   enum sms_mode *ret_mode, struct sms_measure *ret)
{
    struct sms_measure other = {0};
    bool any = false;

    for (enum sms_mode mode = 0;
         mode < SMS_MODE_COUNT && !(any && ret->encodable && ret->segments == 1); mode++) {
        struct sms_measure *m = any ? &other : ret;

        if ((allowed & 1u << mode) == 0) {
            continue;
        }
        judge(s, mode, o, m);
        if (!any || better(m, ret)) {
            *ret_mode = mode;
        }
        if (any && better(m, ret)) {
            *ret = *m;
        }
        any = true;
    }
    return any;
}

int sms_choose(struct str text, unsigned allowed, const struct sms_options *o,
               enum sms_mode *ret_mode, struct sms_measure *ret, struct err *e)
{
    struct survey s;
    int rc;

    o = o == NULL ? &no_options : o;
    memset(ret, 0, sizeof(*ret));
    rc = look(text, o, &s, e);
    if (rc != 0) {
        return rc;
    }
    if (!choose(&s, allowed, o, ret_mode, ret)) {
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

    for (size_t at = 0, n; at < text.len; at += n, position++) {
        struct sms_costly *known;
        unsigned cost;

        n = utf8_decode((struct str){text.ptr + at, text.len - at}, &cp);
        cost = n == 0 ? 1 : sms_class_cost[mode][sms_class_of(cp)];
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
