#include "text/lint.h"

#include "base/err.h"
#include "text/lint_words.h"
#include "text/render_set.h"
#include "text/sms.h"

#include <stdlib.h>

static const char *const official_hosts[] = {"kamusm.gov.tr", "tubitak.gov.tr", "meb.gov.tr"};
static const char *const shorteners[] = {"bit.ly", "t.ly",        "goo.gl", "tinyurl.com",
                                         "t.co",   "is.gd",       "ow.ly",  "cutt.ly",
                                         "rb.gy",  "shorturl.at", "l24.im", "kisa.link"};

const struct lint_rules lint_default_rules = {
    .sms_segments = 1, .sms_reserve = SMS_RESERVE_TR, .mode = SMS_TR_SINGLE};

/* What the checks of one template share. */
struct lint {
    const struct message_set *set;
    const struct lint_rules *rules;
    const struct render_office *office;
    struct faults *faults;
    const struct set_entry *entry;
    struct render_values *values;
    struct render_mail mail;
    struct buf sms;
    struct buf tidy;
    struct sms_measure *measure;
};

/* The host is the name itself or a subdomain of it. */
static bool under(struct str host, const char *name)
{
    size_t n = strlen(name);
    if (host.len < n)
        return false;
    struct str tail = {host.ptr + host.len - n, n};
    return str_ieq(tail, str_of(name)) && (host.len == n || host.ptr[host.len - n - 1] == '.');
}

bool lint_host_allowed(struct str host, const struct lint_rules *rules)
{
    for (size_t i = 0; i < sizeof(official_hosts) / sizeof(official_hosts[0]); i++)
        if (under(host, official_hosts[i]))
            return true;
    for (size_t i = 0; i < rules->host_count; i++)
        if (under(host, rules->hosts[i]))
            return true;
    return false;
}

/* The host of an address with or without scheme: up to the path. */
static struct str host_of(struct str address)
{
    static const char *const schemes[] = {"https://", "http://"};
    for (size_t i = 0; i < 2; i++)
        if (str_starts(address, schemes[i]))
            address =
                (struct str){address.ptr + strlen(schemes[i]), address.len - strlen(schemes[i])};
    size_t n = 0;
    while (n < address.len && strchr("/:?#", address.ptr[n]) == NULL)
        n++;
    return (struct str){address.ptr, n};
}

static bool of_office(const struct lint *l, struct str host)
{
    const struct render_office *o = l->office;
    struct str own[5];
    if (o == NULL) { /* the examples stand for the office */
        return under(host, "example") || under(host, "test");
    }
    own[0] = o->portal_url;
    own[1] = o->guide_url;
    own[2] = o->guide;
    own[3] = o->privacy_url;
    own[4] = o->portal;
    for (size_t i = 0; i < 5; i++) {
        struct str h = host_of(own[i]);
        if (h.len > 0 && str_ieq(h, host))
            return true;
    }
    return false;
}

/* The fault's place: where the template says it, else the beginning of its file. */
static void place(const struct lint *l, struct fault *f, struct str what)
{
    if (f == NULL)
        return;
    (void)str_copy(f->file, sizeof(f->file), str_of(l->entry->path));
    f->line = 1;
    f->column = 1;
    const char *source = l->entry->source;
    const char *hit = what.len == 0 ? NULL : memmem(source, strlen(source), what.ptr, what.len);
    if (hit == NULL)
        return;
    for (const char *p = source; p < hit; p++) {
        f->column++;
        if (*p == '\n') {
            f->line++;
            f->column = 1;
        }
    }
    f->width = (int)what.len;
}

static void check_host(struct lint *l, struct str host)
{
    int n = (int)(host.len < 60 ? host.len : 60);
    for (size_t i = 0; i < sizeof(shorteners) / sizeof(shorteners[0]); i++)
        if (under(host, shorteners[i])) {
            place(l,
                  faults_add(l->faults, "", "TPL-021", "kısaltılmış bağlantı kullanılamaz: %.*s",
                             "no address shorteners: %.*s", n, host.ptr),
                  host);
            return;
        }
    if (lint_host_allowed(host, l->rules) || of_office(l, host))
        return;
    place(l,
          faults_add(l->faults, "", "TPL-020", "bu adrese bağlantı verilemez: %.*s",
                     "links to this host are not allowed: %.*s", n, host.ptr),
          host);
}

static void on_word(void *ctx, struct str word)
{
    struct lint *l = ctx;
    struct str host = host_of(word);
    if (lint_is_identity_number(word))
        place(l,
              faults_add(l->faults, "", "TPL-023", "iletide kimlik numarası olamaz",
                         "a message must not hold an identity number"),
              word);
    if (lint_is_address(word))
        check_host(l, host);
}

static void check_links(struct lint *l, struct str text)
{
    lint_words(text, on_word, l);
}

static void on_sms_word(void *ctx, struct str word)
{
    struct lint *l = ctx;
    if (lint_is_coarse(word))
        place(l,
              faults_add(l->faults, "", "TPL-022", "noktaları düşünce kaba okunan sözcük: %.*s",
                         "this word turns coarse without its dots: %.*s", (int)word.len, word.ptr),
              word);
}

static void on_use(void *ctx, const struct template_use *use)
{
    struct lint *l = ctx;
    enum text_name n = text_name_find(use->name);
    if (n == TEXT_NAME_COUNT || !text_names[n].personal)
        return;
    struct fault *f =
        faults_add(l->faults, "", "TPL-024", "SMS'te kişi adı olamaz: {{%.*s}}",
                   "an SMS must not name the person: {{%.*s}}", (int)use->name.len, use->name.ptr);
    if (f == NULL)
        return;
    (void)str_copy(f->file, sizeof(f->file), str_of(use->file));
    f->line = use->line;
    f->column = use->column;
    f->width = (int)use->name.len;
}

static void check_size(struct lint *l, struct str text)
{
    struct sms_options options = {.reserve = (unsigned)l->rules->sms_reserve};
    struct err e = {0};
    unsigned most =
        (unsigned)(l->entry->segments > l->rules->sms_segments ? l->entry->segments
                                                               : l->rules->sms_segments);
    buf_reset(&l->tidy); /* what goes out is tidied, so that is what counts */
    if (sms_tidy(text, 0, &l->tidy, &e) == 0)
        text = (struct str){buf_cstr(&l->tidy), l->tidy.len};
    if (sms_measure(text, l->rules->mode, &options, l->measure, &e) != 0 ||
        !l->measure->encodable) {
        place(l,
              faults_add(l->faults, "", "TPL-025",
                         "%1$s%2$.0s ile gönderilemeyen karakter: U+%3$04X",
                         "a character that cannot be sent with %1$.0s%2$s: U+%3$04X",
                         sms_mode_label(l->rules->mode, true),
                         sms_mode_label(l->rules->mode, false), l->measure->culprit.cp),
              STR(""));
        return;
    }
    if (l->measure->segments > most)
        place(l,
              faults_add(l->faults, "", "TPL-026",
                         "en uzun değerlerle %u parça (%u birim); en çok %u parça olmalı",
                         "%u segments with the longest values (%u units); at most %u allowed",
                         l->measure->segments, l->measure->units, most),
              STR(""));
}

/* The longest values, but the addresses and names that this office really has. */
static void prepare(struct lint *l)
{
    const struct render_office *o = l->office;
    render_values_longest(l->values, l->entry->lang);
    if (o == NULL)
        return;
    (void)render_values_override(l->values, STR("portal"), o->portal);
    (void)render_values_override(l->values, STR("portal_url"), o->portal_url);
    (void)render_values_override(l->values, STR("guide"), render_short_guide(o));
    (void)render_values_override(l->values, STR("guide_url"), o->guide_url);
    (void)render_values_override(l->values, STR("privacy_url"), o->privacy_url);
    (void)render_values_override(l->values, STR("stop_note"), o->stop_note);
    (void)render_values_override(l->values, STR("office.name"), o->name);
    (void)render_values_override(l->values, STR("office.unit"), o->unit);
    (void)render_values_override(l->values, STR("office.phone"), o->phone);
}

static void not_rendered(struct lint *l, const struct err *e)
{
    place(l,
          faults_add(l->faults, "", "TPL-027", "şablon işlenemedi: %s", "cannot be rendered: %s",
                     e->text),
          STR(""));
}

static void check_sms(struct lint *l)
{
    struct err e = {0};
    struct set_view view = {l->set, l->entry->lang, SET_SMS};
    struct template_partials partials = set_partials(&view);
    buf_reset(&l->sms);
    if (render_sms(l->set, str_of(l->entry->name), l->values, &l->sms, &e) != 0) {
        not_rendered(l, &e);
        return;
    }
    struct str text = {buf_cstr(&l->sms), l->sms.len};
    check_links(l, text);
    lint_words(text, on_sms_word, l);
    template_uses(l->entry->body, &partials, on_use, l);
    check_size(l, text);
}

static bool holds(const struct buf *part, struct str word)
{
    return part->len > 0 && memmem(part->data, part->len, word.ptr, word.len) != NULL;
}

/* Addresses behind the words: in attributes of the HTML. */
static void check_html_links(struct lint *l, struct str html)
{
    for (size_t i = 0; i < html.len; i++) {
        struct str rest = {html.ptr + i, html.len - i};
        if (!str_starts(rest, "https://") && !str_starts(rest, "http://"))
            continue;
        struct str host = host_of(rest);
        size_t n = 0;
        while (n < host.len && strchr("\"'<> \r\n", host.ptr[n]) == NULL)
            n++;
        host.len = n;
        if (!holds(&l->mail.text, host)) /* else it is judged there */
            check_host(l, host);
        i += n;
    }
}

/* Words that say something checkable: numbers, dates, telephones, addresses. */
static bool is_fact(struct str word)
{
    bool digit = false;
    for (size_t i = 0; i < word.len; i++) {
        if (strchr("&<>\"", word.ptr[i]) != NULL)
            return false; /* written otherwise in HTML */
        digit |= ascii_digit(word.ptr[i]);
    }
    return digit || lint_is_address(word);
}

static void missing_fact(struct lint *l, struct str word, const char *tr, const char *en)
{
    int n = (int)(word.len < 60 ? word.len : 60);
    place(l,
          faults_add(l->faults, "", "TPL-030", "%1$s%2$.0s bölümünde yok: %4$.*3$s",
                     "missing in the %1$.0s%2$s part: %4$.*3$s", tr, en, n, word.ptr),
          word);
}

/* "3. " before an entry of a list: HTML numbers its lists by itself. */
static bool is_list_number(struct str text, struct str word)
{
    const char *end = word.ptr + word.len;
    bool begins = word.ptr == text.ptr || word.ptr[-1] == '\n';
    return begins && end + 1 < text.ptr + text.len && end[0] == '.' && end[1] == ' ';
}

static void on_text_fact(void *ctx, struct str word)
{
    struct lint *l = ctx;
    struct str text = {buf_cstr(&l->mail.text), l->mail.text.len};
    if (is_fact(word) && !is_list_number(text, word) && !holds(&l->mail.html, word))
        missing_fact(l, word, "HTML", "HTML");
}

static void on_html_fact(void *ctx, struct str word)
{
    struct lint *l = ctx;
    struct str cut = STR("…"); /* the preview of a mail's first words ends so */
    if (word.len >= cut.len && str_eq((struct str){word.ptr + word.len - cut.len, cut.len}, cut))
        word.len -= cut.len;
    if (is_fact(word) && !holds(&l->mail.text, word) && !holds(&l->mail.subject, word))
        missing_fact(l, word, "metin", "text");
}

/* What a reader of the HTML sees, without its tags. */
static void strip_tags(const struct buf *html, struct buf *out)
{
    bool inside = false;
    buf_reset(out);
    for (size_t i = 0; i < html->len; i++) {
        char c = html->data[i];
        inside = inside ? c != '>' : c == '<';
        (void)buf_addc(out, inside || c == '>' ? ' ' : c);
    }
}

/* Both parts tell the same. */
static void check_same_facts(struct lint *l)
{
    lint_words((struct str){buf_cstr(&l->mail.text), l->mail.text.len}, on_text_fact, l);
    strip_tags(&l->mail.html, &l->mail.outline);
    lint_words((struct str){buf_cstr(&l->mail.outline), l->mail.outline.len}, on_html_fact, l);
}

static void check_mail(struct lint *l)
{
    struct err e = {0};
    const char *unbalanced;
    if (render_mail(l->set, str_of(l->entry->name), l->values, &l->mail, &e) != 0) {
        not_rendered(l, &e);
        return;
    }
    unsigned chars =
        (unsigned)lint_chars((struct str){buf_cstr(&l->mail.subject), l->mail.subject.len});
    if (chars > LINT_SUBJECT_MAX)
        place(l,
              faults_add(l->faults, "", "TPL-028", "konu %u karakter; en çok %d olmalı",
                         "the subject has %u characters; at most %d allowed", chars,
                         LINT_SUBJECT_MAX),
              STR(""));
    check_links(l, (struct str){buf_cstr(&l->mail.text), l->mail.text.len});
    check_html_links(l, (struct str){buf_cstr(&l->mail.html), l->mail.html.len});
    check_same_facts(l);
    unbalanced = lint_unbalanced((struct str){buf_cstr(&l->mail.html), l->mail.html.len});
    if (unbalanced != NULL)
        place(l,
              faults_add(l->faults, "", "TPL-029", "HTML dengesiz: <%s>",
                         "the HTML is not balanced: <%s>", unbalanced),
              STR(""));
}

static void check_entry(struct lint *l)
{
    if (l->entry->partial || (l->entry->kind != SET_SMS && l->entry->kind != SET_MAIL))
        return;
    prepare(l);
    if (l->entry->kind == SET_SMS)
        check_sms(l);
    else
        check_mail(l);
}

void lint_message_set(const struct message_set *set, const struct lint_rules *rules,
                      const struct render_office *office, struct faults *faults)
{
    struct lint l = {.set = set, .rules = rules, .office = office, .faults = faults};
    l.values = render_values_create();
    l.measure = calloc(1, sizeof(*l.measure));
    render_mail_init(&l.mail);
    buf_init(&l.sms, RENDER_SMS_MAX);
    buf_init(&l.tidy, RENDER_SMS_MAX * 2);
    for (size_t i = 0; l.values != NULL && l.measure != NULL && i < set->count; i++) {
        l.entry = &set->list[i];
        check_entry(&l);
    }
    buf_finish(&l.sms);
    buf_finish(&l.tidy);
    render_mail_finish(&l.mail);
    free(l.measure);
    render_values_free(l.values);
}
