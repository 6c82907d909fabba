#include "base/utf8.h"
#include "cli/measure.h"

enum { CONTEXT_BEFORE = 40, CONTEXT_AFTER = 16, FILLS_SHOWN = 8, COSTLY_SHOWN = 6 };

/* 1205 -> "12,05 TL". */
static void money(char out[32], bool turkish, int64_t kurus)
{
    snprintf(out, 32, "%lld%c%02d TL", (long long)(kurus / 100), turkish ? ',' : '.',
             (int)(kurus % 100));
}

static void put_label(struct cli *cli, const char *tr, const char *en)
{
    const char *label = cli_tr(cli, tr, en);
    size_t width = utf8_count(str_of(label));

    fprintf(cli->out, "%s%*s", label, width < 9 ? (int)(9 - width) : 1, "");
}

static void print_char(FILE *to, uint32_t cp)
{
    char bytes[4];
    size_t n = utf8_encode(cp, bytes);

    if (cp < ' ' || cp == 0x7F || (cp >= 0x80 && cp < 0xA0)) {
        fprintf(to, "U+%04X", (unsigned)cp);
    } else {
        fprintf(to, "“%.*s” U+%04X", (int)n, bytes, (unsigned)cp);
    }
}

/* How many columns of a terminal a character takes, as far as we need to know. */
static unsigned columns(uint32_t cp)
{
    if ((cp >= 0x300 && cp <= 0x36F) || (cp >= 0x200B && cp <= 0x200F) || cp == 0xFEFF) {
        return 0;
    }
    return cp >= 0x1F000 || (cp >= 0x3000 && cp <= 0x9FFF) || (cp >= 0xFF01 && cp <= 0xFF60) ? 2
                                                                                             : 1;
}

/* The neighbourhood of the culprit on one line, and a mark under it. */
static void print_place(struct cli *cli, const struct measured *m, const struct sms_culprit *c)
{
    size_t position = 0;
    unsigned before = 0;
    uint32_t cp = 0;

    put_label(cli, "metin", "text");
    for (size_t at = 0, n; at < m->text.len && position <= c->position + CONTEXT_AFTER;
         at += n, position++) {
        bool blank;

        n = utf8_decode((struct str){m->text.ptr + at, m->text.len - at}, &cp);
        if (position + CONTEXT_BEFORE < c->position) {
            continue;
        }
        blank = cp < ' ' || (cp >= 0x7F && cp < 0xA0);
        before += position < c->position ? (blank ? 1 : columns(cp)) : 0;
        fprintf(cli->out, "%s%.*s%s", position == c->position ? cli_style(cli, "\033[7m") : "",
                blank ? 1 : (int)n, blank ? " " : m->text.ptr + at,
                position == c->position ? cli_style(cli, "\033[0m") : "");
    }
    fprintf(cli->out, "\n%*s^ ", (int)before + 9, "");
    print_char(cli->out, c->cp);
    fprintf(cli->out, cli_tr(cli, ", sütun %zu\n", ", column %zu\n"), c->position + 1);
}

static void print_mode(struct cli *cli, const struct measured *m)
{
    put_label(cli, "kodlama", "encoding");
    fprintf(cli->out, "%s", sms_mode_label(m->mode, cli->turkish));
    if (!m->chosen.encodable || (m->mode == SMS_UCS2 && m->costly_count > 0)) {
        fprintf(cli->out, "   (%s",
                m->chosen.encodable ? cli_tr(cli, "7 bit olamaz: ", "7-bit is impossible: ")
                                    : cli_tr(cli, "kodlanamaz: ", "cannot be encoded: "));
        print_char(cli->out, m->chosen.encodable ? m->costly[0].cp : m->chosen.culprit.cp);
        fprintf(cli->out, cli_tr(cli, ", sütun %zu)", ", column %zu)"),
                (m->chosen.encodable ? m->costly[0].position : m->chosen.culprit.position) + 1);
    }
    fprintf(cli->out, "\n");
}

static void print_length(struct cli *cli, const struct measured *m,
                         const struct measure_settings *s)
{
    const struct sms_measure *c = &m->chosen;
    char price[32];

    put_label(cli, "uzunluk", "length");
    fprintf(cli->out, "%u", c->units);
    if (s->sms.reserve > 0) {
        fprintf(cli->out, cli_tr(cli, " + %u (işletmeci kodu)", " + %u (operator's code)"),
                s->sms.reserve);
    }
    fprintf(cli->out, cli_tr(cli, " / %u %s → %u parça", " / %u %s → %u segment%s"), c->capacity,
            m->mode == SMS_UCS2 ? cli_tr(cli, "birim", "units") : cli_tr(cli, "septet", "septets"),
            c->segments, c->segments == 1 ? "" : "s");
    if (s->price_kurus >= 0) {
        money(price, cli->turkish, s->price_kurus * c->segments);
        fprintf(cli->out, "      %s", price);
    }
    fprintf(cli->out, "\n");
}

static void print_fill(struct cli *cli, const struct sms_measure *c)
{
    unsigned shown = c->segments < FILLS_SHOWN ? c->segments : FILLS_SHOWN;

    if (c->segments == 1) {
        return;
    }
    put_label(cli, "parçalar", "segments");
    for (unsigned i = 0; i < shown; i++) {
        fprintf(cli->out, "%s%u", i == 0 ? "" : " + ", c->fill[i]);
    }
    fprintf(cli->out, "%s", c->segments > shown ? " + …" : "");
    fprintf(cli->out,
            cli_tr(cli, "   (2. parça %u. karakterden başlar)\n",
                   "   (segment 2 begins at character %u)\n"),
            c->start[1] + 1);
    if (c->segments > SMS_SEGMENTS_MAX) {
        put_label(cli, "sınır", "limit");
        fprintf(cli->out,
                cli_tr(cli, "%d parçadan uzun ileti gönderilemez\n",
                       "a message of more than %d segments cannot be sent\n"),
                SMS_SEGMENTS_MAX);
    }
}

/* What costs more than one unit, where that matters. */
static void print_costly(struct cli *cli, const struct measured *m)
{
    size_t shown = m->costly_count < COSTLY_SHOWN ? m->costly_count : COSTLY_SHOWN;

    if (m->costly_count == 0 ||
        (m->chosen.encodable && m->chosen.segments == 1 && m->mode != SMS_UCS2)) {
        return;
    }
    put_label(cli, "neden", "because");
    for (size_t i = 0; i < shown; i++) {
        const struct sms_costly *c = &m->costly[i];

        fprintf(cli->out, "%s", i == 0 ? "" : ", ");
        print_char(cli->out, c->cp);
        fprintf(cli->out, " ×%u", c->count);
    }
    fprintf(cli->out, "%s%s\n", m->costly_count > shown ? ", …" : "",
            !m->chosen.encodable  ? cli_tr(cli, " bu kipte yok", " not in this mode")
            : m->mode == SMS_UCS2 ? cli_tr(cli, " 7 bitte yok", " not in 7-bit")
                                  : cli_tr(cli, " iki septet sayılır", " counted as two septets"));
}

/* The first character that only plainer spelling can help. */
static void print_respelling(struct cli *cli, const struct sms_culprit *c)
{
    char bytes[4];
    int n = (int)utf8_encode(c->cp, bytes);

    if (c->cp == 0 || c->cheaper == NULL) {
        fprintf(cli->out, "%s", cli_tr(cli, "sade yazımla → ", "in plain spelling → "));
    } else if (c->cheaper[0] == '\0') {
        fprintf(cli->out, cli_tr(cli, "“%.*s” olmadan → ", "without “%.*s” → "), n, bytes);
    } else {
        fprintf(cli->out, cli_tr(cli, "“%.*s” yerine “%s” → ", "“%.*s” as “%s” → "), n, bytes,
                c->cheaper);
    }
}

static void print_advice(struct cli *cli, const struct measured *m)
{
    unsigned last;

    if (!m->improved) {
        return;
    }
    put_label(cli, "öneri", "advice");
    if (m->respelled) {
        print_respelling(cli, &m->modes[SMS_TR_SINGLE].culprit);
    }
    last = m->better.fill[m->better.segments - 1];
    fprintf(cli->out,
            cli_tr(cli, "%s, %u septet, %u parça, %u septet yer kalır\n",
                   "%s, %u septets, %u segment(s), room for %u more septets\n"),
            sms_mode_label(m->better_mode, cli->turkish), m->better.units, m->better.segments,
            m->better.capacity - last);
}

void measure_print(struct cli *cli, const struct measured *m, const struct measure_settings *s)
{
    struct sms_culprit culprit = m->chosen.culprit;

    if (m->mode == SMS_UCS2 && m->costly_count > 0) {
        culprit = (struct sms_culprit){.cp = m->costly[0].cp, .position = m->costly[0].position};
    }
    print_mode(cli, m);
    if (m->chosen.encodable) {
        print_length(cli, m, s);
        print_fill(cli, &m->chosen);
    }
    if (culprit.cp != 0 &&
        (!m->chosen.encodable || m->mode == SMS_UCS2 || m->chosen.segments > 1)) {
        print_place(cli, m, &culprit);
        print_costly(cli, m);
    }
    print_advice(cli, m);
}
