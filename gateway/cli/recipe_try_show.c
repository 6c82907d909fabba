#include "cli/recipe_try.h"
#include "providers/recipe/stencil.h"

enum { SHOWN_MAX = 4000, SECRET_MIN = 4, SECRET_MAX = 512 };

static const char *const state_names[] = {"delivered", "undelivered", "expired", "pending"};

/* ---- secrets ---- */

static void add_hidden(struct trying *t, struct str form)
{
    struct buf *slot;

    if (form.len == 0 || t->hidden_count == TRY_SECRETS_MAX) {
        return;
    }
    slot = &t->hidden[t->hidden_count++];
    buf_init(slot, 4 * SECRET_MAX);
    (void)buf_add(slot, form.ptr, form.len);
}

static void add_xml(struct buf *out, const char *s)
{
    static const struct {
        char c;
        const char *text;
    } escapes[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"}};

    for (; *s != '\0'; s++) {
        size_t i = 0;

        while (i < sizeof escapes / sizeof *escapes && escapes[i].c != *s) {
            i++;
        }
        if (i < sizeof escapes / sizeof *escapes) {
            (void)buf_adds(out, escapes[i].text);
        } else {
            (void)buf_addc(out, *s);
        }
    }
}

void recipe_try_hide(struct trying *t, const char *secret)
{
    struct json_writer w;
    struct buf b;

    if (secret == NULL || secret[0] == '\0') {
        return;
    }
    buf_init(&b, 4 * SECRET_MAX);
    add_hidden(t, str_of(secret));
    for (int form = 0; form < 4; form++) {
        enum recipe_charset charset = form < 2 ? CHARSET_UTF8 : CHARSET_LATIN5;

        if (recipe_percent(charset, form % 2 == 1, str_of(secret), &b, NULL) == 0) {
            add_hidden(t, (struct str){buf_cstr(&b), b.len});
        }
        buf_reset(&b);
    }
    jsonw_init(&w, &b);
    jsonw_cstr(&w, secret);
    add_hidden(t, b.len > 2 ? (struct str){b.data + 1, b.len - 2} : STR(""));
    buf_reset(&b);
    add_xml(&b, secret);
    add_hidden(t, (struct str){buf_cstr(&b), b.len});
    buf_finish(&b);
}

/* Whether what lies there is a whole value: of a form, of JSON, XML, a path or a header. */
static bool is_value(struct str s, size_t at, size_t n)
{
    bool last = at + n == s.len;
    bool begins = at == 0 || memchr("=\"'>:/[", s.ptr[at - 1], 7) != NULL;
    bool ends = last || memchr("&\"'<,}]/?", s.ptr[at + n], 9) != NULL;

    return (begins && ends) || (last && at > 0 && s.ptr[at - 1] == ' ');
}

/*
 * How much of s a secret covers from at on; 0 for nothing. A short one would cover letters of
 * everything, so it counts where it is a value only.
 */
static size_t covered(const struct trying *t, struct str s, size_t at)
{
    size_t longest = 0;

    for (size_t i = 0; i < t->hidden_count; i++) {
        const struct buf *h = &t->hidden[i];

        if (h->len > longest && h->len <= s.len - at && memcmp(s.ptr + at, h->data, h->len) == 0 &&
            (h->len >= SECRET_MIN || is_value(s, at, h->len))) {
            longest = h->len;
        }
    }
    return longest;
}

static void add_without_secrets(const struct trying *t, struct str s, struct buf *out)
{
    size_t at = 0;

    while (at < s.len && out->len < SHOWN_MAX) {
        size_t n = covered(t, s, at);

        if (n > 0) {
            (void)buf_adds(out, "***");
        } else {
            n = 1;
            (void)buf_addc(out, s.ptr[at]);
        }
        at += n;
    }
    if (at < s.len) {
        (void)buf_adds(out, " …");
    }
}

/* A line on the screen; controls other than line ends are shown as blanks. */
static void print_text(struct trying *t, const char *lead, struct str s)
{
    struct buf b;

    buf_init(&b, 2 * SHOWN_MAX);
    add_without_secrets(t, s, &b);
    for (size_t i = 0; i < b.len; i++) {
        if ((unsigned char)b.data[i] < 0x20 && b.data[i] != '\n') {
            b.data[i] = ' ';
        }
    }
    (void)fprintf(t->cli->out, "%s%s\n", lead, buf_cstr(&b));
    buf_finish(&b);
}

static void put_text(struct trying *t, const char *key, struct str s)
{
    struct buf b;

    buf_init(&b, 2 * SHOWN_MAX);
    add_without_secrets(t, s, &b);
    jsonw_put_str(&t->seen_writer, key, (struct str){buf_cstr(&b), b.len});
    buf_finish(&b);
}

/* ---- what passes ---- */

static void see_request(struct trying *t, const struct curlmux_request *r)
{
    struct cli *cli = t->cli;
    char lead[64];

    if (cli->json) {
        jsonw_object(&t->seen_writer);
        jsonw_put(&t->seen_writer, "method", r->method);
        put_text(t, "url", str_of(r->url));
        put_text(t, "body", r->body);
        return;
    }
    (void)snprintf(lead, sizeof lead, "%s  %s ", cli_tr(cli, "İstek ", "Request"), r->method);
    print_text(t, lead, str_of(r->url));
    if (r->user != NULL) {
        (void)fprintf(cli->out, "        Authorization: Basic %s:***\n", r->user);
    }
    for (size_t i = 0; i < r->header_count; i++) {
        print_text(t, "        ", str_of(r->headers[i]));
    }
    if (r->body.len > 0) {
        print_text(t, "        ", r->body);
    }
}

static void see_answer(struct trying *t, const struct curlmux_answer *a)
{
    struct cli *cli = t->cli;
    char lead[64];

    if (cli->json) {
        jsonw_put_i64(&t->seen_writer, "status", a->status);
        put_text(t, "answer", a->body);
        jsonw_put(&t->seen_writer, "error", a->error);
        jsonw_end_object(&t->seen_writer);
        return;
    }
    (void)snprintf(lead, sizeof lead, "%s  %d  ", cli_tr(cli, "Yanıt ", "Answer "), a->status);
    print_text(t, lead, a->phase == CURLMUX_ANSWERED ? a->body : str_of(a->error));
}

void recipe_try_see(void *ctx, const struct curlmux_request *request,
                    const struct curlmux_answer *answer)
{
    if (request != NULL) {
        see_request(ctx, request);
    } else {
        see_answer(ctx, answer);
    }
}

/* ---- what came of it ---- */

void recipe_try_show_outcome(struct trying *t)
{
    const struct outcome *o = &t->outcome;
    struct cli *cli = t->cli;

    if (cli->json) {
        return;
    }
    (void)fprintf(cli->out, "%s  %s – %s (%s%s%s)\n", cli_tr(cli, "Sonuç ", "Outcome"),
                  outcome_name(o->class), outcome_sentence(o->class, cli->turkish), o->code,
                  o->detail[0] != '\0' ? ": " : "", o->detail);
    if (o->provider_ref[0] != '\0') {
        (void)fprintf(cli->out, "%s  %s\n", cli_tr(cli, "Kimlik", "Id     "), o->provider_ref);
    }
}

void recipe_try_show_report(struct trying *t, const struct provider_report *r)
{
    struct cli *cli = t->cli;

    t->reports++;
    t->report = r->state;
    (void)snprintf(t->report_code, sizeof t->report_code, "%s", r->code == NULL ? "" : r->code);
    (void)snprintf(t->report_detail, sizeof t->report_detail, "%s",
                   r->detail == NULL ? "" : r->detail);
    if (!cli->json) {
        (void)fprintf(cli->out, "%s  %s (%s%s%s)\n", cli_tr(cli, "Rapor ", "Report "),
                      state_names[r->state], t->report_code,
                      t->report_detail[0] != '\0' ? ", " : "", t->report_detail);
    }
}

void recipe_try_show_all(struct trying *t)
{
    struct json_writer w;
    struct buf out;

    jsonw_end_array(&t->seen_writer);
    buf_init(&out, 1024 * 1024);
    jsonw_init(&w, &out);
    jsonw_object(&w);
    jsonw_put(&w, "recipe", t->recipe);
    jsonw_put_bool(&w, "really", t->really);
    jsonw_put(&w, "outcome", outcome_name(t->outcome.class));
    jsonw_put(&w, "code", t->outcome.code);
    jsonw_put(&w, "detail", t->outcome.detail);
    jsonw_put(&w, "id", t->outcome.provider_ref);
    jsonw_put(&w, "report", t->reports > 0 ? state_names[t->report] : NULL);
    jsonw_put(&w, "report_code", t->reports > 0 ? t->report_code : NULL);
    jsonw_key(&w, "requests");
    jsonw_raw(&w, (struct str){buf_cstr(&t->seen), t->seen.len});
    jsonw_end_object(&w);
    (void)fprintf(t->cli->out, "%s\n", buf_cstr(&out));
    buf_finish(&out);
}
