#include "base/utf8.h"
#include "cli/measure.h"

/* Characters that keep the text out of the Turkish 7-bit alphabet, or cost two units in the mode.
 */
static void explain(struct measured *m)
{
    enum sms_mode mode = m->mode == SMS_UCS2 ? SMS_TR_SINGLE : m->mode;
    struct sms_costly all[MEASURE_COSTLY_MAX * 4];
    size_t n = sms_costly(m->text, mode, all, MEASURE_COSTLY_MAX * 4);

    for (size_t i = 0; i < n && m->costly_count < MEASURE_COSTLY_MAX; i++) {
        if (m->mode != SMS_UCS2 || all[i].units == 0) {
            m->costly[m->costly_count++] = all[i];
        }
    }
}

/* Tidied, and every character no Turkish alphabet has in its plainer spelling where there is one.
 */
static int plainer(struct str text, struct buf *out)
{
    struct sms_costly known[MEASURE_COSTLY_MAX * 4];
    struct buf tidied;
    size_t n;
    int rc;

    buf_init(&tidied, SMS_TEXT_MAX * 2);
    rc = sms_tidy(text, 0, &tidied, NULL);
    text = (struct str){tidied.data, tidied.len};
    n = rc == 0 ? sms_costly(text, SMS_TR_SINGLE, known, MEASURE_COSTLY_MAX * 4) : 0;
    for (size_t at = 0, len; rc == 0 && at < text.len; at += len) {
        const char *spelling = NULL;
        uint32_t cp;

        len = utf8_decode((struct str){text.ptr + at, text.len - at}, &cp);
        for (size_t i = 0; i < n; i++) {
            if (known[i].cp == cp && known[i].units == 0) {
                spelling = known[i].cheaper;
            }
        }
        rc = spelling != NULL ? buf_adds(out, spelling) : buf_add(out, text.ptr + at, len);
    }
    buf_finish(&tidied);
    return rc;
}

static void improve(struct measured *m, const struct measure_settings *s)
{
    struct buf text;

    buf_init(&text, SMS_TEXT_MAX * 2);
    if (plainer(m->text, &text) == 0 &&
        sms_choose((struct str){text.data, text.len}, SMS_ALLOW_7BIT, &s->sms, &m->better_mode,
                   &m->better, NULL) == 0) {
        m->respelled = !str_eq((struct str){text.data, text.len}, m->text);
        m->improved = !m->chosen.encodable || m->better.segments < m->chosen.segments ||
                      (m->mode == SMS_UCS2 && m->better.segments == m->chosen.segments);
    }
    buf_finish(&text);
}

int measure_text(struct str text, const struct measure_settings *s, struct measured *m,
                 struct err *e)
{
    enum sms_mode best;
    int rc = 0;

    memset(m, 0, sizeof(*m));
    m->text = text;
    for (enum sms_mode mode = 0; mode < SMS_MODE_COUNT && rc == 0; mode++) {
        rc = sms_measure(text, mode, &s->sms, &m->modes[mode], e);
    }
    if (rc != 0) {
        return rc;
    }
    m->mode = s->mode;
    if (s->mode == SMS_MODE_COUNT) {
        sms_choose(text, SMS_ALLOW_7BIT | SMS_ALLOW_UCS2, &s->sms, &best, &m->chosen, NULL);
        m->mode = best;
    }
    m->chosen = m->modes[m->mode];
    explain(m);
    improve(m, s);
    return 0;
}

static void put_char(struct json_writer *w, uint32_t cp)
{
    char bytes[4];
    char code[16];

    jsonw_put_str(w, "char", (struct str){bytes, utf8_encode(cp, bytes)});
    snprintf(code, sizeof(code), "U+%04X", (unsigned)cp);
    jsonw_put(w, "codepoint", code);
}

static void put_culprit(struct json_writer *w, const struct sms_culprit *c)
{
    if (c->cp == 0) {
        return;
    }
    jsonw_key(w, "culprit");
    jsonw_object(w);
    put_char(w, c->cp);
    jsonw_put_i64(w, "position", (int64_t)c->position);
    jsonw_put(w, "cheaper", c->cheaper);
    jsonw_end_object(w);
}

static void put_fill(struct json_writer *w, const struct sms_measure *m)
{
    unsigned n = m->segments < SMS_SEGMENTS_MAX ? m->segments : SMS_SEGMENTS_MAX;

    jsonw_key(w, "per_segment");
    jsonw_array(w);
    for (unsigned i = 0; i < n; i++) {
        jsonw_i64(w, m->fill[i]);
    }
    jsonw_end_array(w);
}

static void put_mode(struct json_writer *w, enum sms_mode mode, const struct sms_measure *m,
                     bool wide)
{
    char code[16];

    jsonw_key(w, sms_mode_name(mode));
    jsonw_object(w);
    jsonw_put_bool(w, "encodable", m->encodable);
    if (m->encodable) {
        jsonw_put_i64(w, mode == SMS_UCS2 ? "units" : "septets", m->units);
        jsonw_put_i64(w, "segments", m->segments);
        jsonw_put_bool(w, "sendable", m->segments <= SMS_SEGMENTS_MAX);
        put_fill(w, m);
        jsonw_put_i64(w, "cap_single", sms_capacity(mode, false, wide));
        jsonw_put_i64(w, "cap_multi", sms_capacity(mode, true, wide));
    } else {
        snprintf(code, sizeof(code), "U+%04X", (unsigned)m->culprit.cp);
        jsonw_put(w, "first_bad", code);
    }
    put_culprit(w, &m->culprit);
    jsonw_end_object(w);
}

static void put_costly(struct json_writer *w, const struct measured *m)
{
    jsonw_key(w, "costly");
    jsonw_array(w);
    for (size_t i = 0; i < m->costly_count; i++) {
        jsonw_object(w);
        put_char(w, m->costly[i].cp);
        jsonw_put_i64(w, "count", m->costly[i].count);
        jsonw_put_i64(w, "units", m->costly[i].units);
        jsonw_put_i64(w, "position", (int64_t)m->costly[i].position);
        jsonw_put(w, "cheaper", m->costly[i].cheaper);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static void put_summary(struct json_writer *w, const struct measured *m,
                        const struct measure_settings *s)
{
    jsonw_put_str(w, "text", m->text);
    jsonw_put_i64(w, "chars", m->modes[SMS_UCS2].chars);
    jsonw_put(w, "mode", sms_mode_name(m->mode));
    jsonw_put_bool(w, "encodable", m->chosen.encodable);
    jsonw_put_i64(w, "reserve", s->sms.reserve);
    if (m->chosen.encodable) {
        jsonw_put_i64(w, "segments", m->chosen.segments);
        if (s->price_kurus >= 0) {
            jsonw_put_i64(w, "cost_kurus", s->price_kurus * m->chosen.segments);
        }
    }
    put_culprit(w, &m->chosen.culprit);
}

static void put_bills(struct json_writer *w, const struct measured *m,
                      const struct measure_settings *s)
{
    jsonw_key(w, "billed");
    jsonw_object(w);
    for (enum sms_rule rule = 0; rule < SMS_RULE_COUNT; rule++) {
        struct sms_bill bill;

        sms_bill(m->text, m->mode, rule, s->sms.reserve, &bill);
        jsonw_key(w, sms_rule_name(rule));
        jsonw_object(w);
        jsonw_put_i64(w, "units", bill.units);
        jsonw_put_i64(w, "segments", bill.segments);
        jsonw_end_object(w);
    }
    jsonw_end_object(w);
}

void measure_json(const struct measured *m, const struct measure_settings *s, struct buf *out)
{
    struct json_writer w;

    jsonw_init(&w, out);
    jsonw_object(&w);
    put_summary(&w, m, s);
    put_costly(&w, m);
    put_bills(&w, m, s);
    jsonw_key(&w, "modes");
    jsonw_object(&w);
    for (enum sms_mode mode = 0; mode < SMS_MODE_COUNT; mode++) {
        put_mode(&w, mode, &m->modes[mode], s->sms.wide_ref);
    }
    jsonw_end_object(&w);
    if (m->improved) {
        jsonw_key(&w, "plainer");
        jsonw_object(&w);
        jsonw_put(&w, "mode", sms_mode_name(m->better_mode));
        jsonw_put_i64(&w, "segments", m->better.segments);
        jsonw_end_object(&w);
    }
    jsonw_end_object(&w);
}
