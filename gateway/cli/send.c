/*
 * hatirlat send: one message now, outside the queue and its records, with the configured provider
 * or into a sink. Uses the same claims, words, lanes and outcomes as the service, on a store in
 * memory.
 */
#include "app.h"
#include "base/civil.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/common.h"
#include "cli/demo_data.h"
#include "config/conf.h"
#include "domain/email.h"
#include "domain/fact.h"
#include "domain/ids.h"
#include "domain/phone.h"
#include "flow/dispatch.h"
#include "flow/settings.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

enum { POLL_MS = 20, SAMPLE_DAYS = 30, CONFIG_MAX = 1024 * 1024 };

struct sending {
    struct store_job job;
    struct cli *cli;
    struct app *app;
    struct gateway *gateway;
    uv_timer_t poll;
    bool out; /* a job is with the store */
    bool added;
    bool over;
    int64_t id;
    enum channel channel;
    char to[EMAIL_MAX + 1];
    const char *template;
    struct buf facts;
    /* read back */
    enum message_state state;
    enum outcome_class outcome;
    char provider[STORE_NAME_MAX + 1];
    char code[64];
    char detail[256];
    char reason[64];
    char provider_ref[64];
    struct buf content;
    struct err err;
};

/* ---- the recipient and the facts ---- */

static int read_recipient(struct sending *s, const char *to)
{
    struct cli *cli = s->cli;
    char sentence[256];

    if (strchr(to, '@') != NULL) {
        struct email email;

        s->channel = CHANNEL_EMAIL;
        if (email_parse(str_of(to), &email) != EMAIL_OK) {
            return cli_usage(cli, "--to: %s", email_reason_sentence(email.reason, cli->turkish));
        }
        return str_copy(s->to, sizeof s->to, str_of(email.address)) == 0 ? CLI_OK : CLI_USAGE;
    }
    struct phone phone;

    s->channel = CHANNEL_SMS;
    if (phone_parse(str_of(to), &phone) != PHONE_OK) {
        phone_explain(&phone, cli->turkish, sentence, sizeof sentence);
        return cli_usage(cli, "--to: %s", sentence);
    }
    return str_copy(s->to, sizeof s->to, str_of(phone.e164)) == 0 ? CLI_OK : CLI_USAGE;
}

static int write_vars(struct sending *s, struct json_writer *w)
{
    const char *pair;

    for (size_t i = 0; (pair = cli_value_at(s->cli, "var", i)) != NULL; i++) {
        const char *equals = strchr(pair, '=');
        char name[64];

        if (equals == NULL ||
            str_copy(name, sizeof name, (struct str){pair, (size_t)(equals - pair)}) != 0) {
            return cli_usage(s->cli, "--var %s: %s", pair,
                             cli_tr(s->cli, "ad=değer bekleniyor", "name=value expected"));
        }
        jsonw_put(w, name, equals + 1);
    }
    return CLI_OK;
}

/* Names and dates that are not given with --var are those of a sample person. */
static int write_facts(struct sending *s)
{
    struct fact *fact = calloc(1, sizeof *fact);
    struct json_writer w;
    struct buf canonical;
    int rc;

    if (fact == NULL) {
        return CLI_FAILED;
    }
    fact_reset(fact);
    fact->not_after_ms = clock_wall_ms(clock_system()) + SAMPLE_DAYS * (int64_t)DAY_MS;
    (void)str_copy(fact->holder.given_name, sizeof fact->holder.given_name, STR("Deneme"));
    (void)str_copy(fact->holder.family_name, sizeof fact->holder.family_name, STR("Kişi"));
    (void)str_copy(s->channel == CHANNEL_SMS ? fact->holder.phone : fact->holder.email,
                   s->channel == CHANNEL_SMS ? sizeof fact->holder.phone
                                             : sizeof fact->holder.email,
                   str_of(s->to));
    buf_init(&canonical, FACT_CANONICAL_MAX);
    (void)fact_canonical(fact, &canonical);
    free(fact);
    jsonw_init(&w, &s->facts);
    jsonw_object(&w);
    jsonw_key(&w, "fact");
    jsonw_raw(&w, (struct str){canonical.data, canonical.len});
    jsonw_key(&w, "vars");
    jsonw_object(&w);
    rc = write_vars(s, &w);
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    buf_finish(&canonical);
    return rc;
}

/* ---- the store's side ---- */

static int add_work(struct store_job *job, struct store *store, struct err *e)
{
    struct sending *s = (struct sending *)job;
    int64_t now = gateway_now(s->gateway);
    struct message_row row = {.channel = s->channel,
                              .state = MESSAGE_QUEUED,
                              .urgency = URGENCY_URGENT,
                              .template = str_of(s->template),
                              .created_ms = now,
                              .planned_ms = now,
                              .due_ms = now,
                              .deadline_ms = now + 60000,
                              .facts = {s->facts.data, s->facts.len},
                              .updated_ms = now};

    return store_message_add(store, &row, &s->id, e);
}

static int note_message(void *ctx, const struct message_row *row)
{
    struct sending *s = ctx;

    s->state = row->state;
    (void)str_copy(s->reason, sizeof s->reason, row->reason);
    return 0;
}

static void note_attempt(void *ctx, const struct attempt_row *row)
{
    struct sending *s = ctx;

    s->outcome = row->outcome < 0 ? OUTCOME_COUNT : (enum outcome_class)row->outcome;
    (void)str_copy(s->provider, sizeof s->provider, row->provider);
    (void)str_copy(s->code, sizeof s->code, row->code);
    (void)str_copy(s->detail, sizeof s->detail, row->detail);
    (void)str_copy(s->provider_ref, sizeof s->provider_ref, row->provider_ref);
    buf_reset(&s->content);
    (void)buf_add(&s->content, row->content.ptr, row->content.len);
}

static void skip_report(void *ctx, const struct report_row *row)
{
    (void)ctx;
    (void)row;
}

static void skip_trace(void *ctx, const struct trace_row *row)
{
    (void)ctx;
    (void)row;
}

static int look_work(struct store_job *job, struct store *store, struct err *e)
{
    struct sending *s = (struct sending *)job;
    struct timeline_sink sink = {s, note_attempt, skip_report, skip_trace};
    int rc = store_message_get(store, s->id, note_message, s, e);

    return rc == 0 ? store_timeline(store, s->id, &sink, e) : rc;
}

/* ---- the loop's side ---- */

static void job_done(struct store_job *job, int status, const struct err *e)
{
    struct sending *s = (struct sending *)job;
    bool first = !s->added;

    s->out = false;
    s->added = true;
    if (status != 0) {
        s->err = *e;
        s->over = true;
    } else if (first) {
        dispatch_kick(s->gateway->dispatch, s->channel);
    } else {
        /* One try is the promise: a message that is queued again has had it. */
        s->over = message_is_final(s->state) || s->state == MESSAGE_ACCEPTED ||
                  s->state == MESSAGE_UNKNOWN || s->state == MESSAGE_HELD ||
                  (s->state == MESSAGE_QUEUED && s->provider[0] != '\0');
    }
    if (s->over) {
        app_stop(s->app);
    }
}

static void on_poll(uv_timer_t *timer)
{
    struct sending *s = timer->data;

    if (!s->out && !s->over) {
        s->out = true;
        s->job.work = s->added ? look_work : add_work;
        s->job.done = job_done;
        store_thread_submit(s->gateway->writer, &s->job);
    }
}

static void on_ready(void *ctx, struct app *app, struct gateway *g, const char *url)
{
    struct sending *s = ctx;

    (void)url;
    s->app = app;
    s->gateway = g;
    (void)uv_timer_init(g->loop, &s->poll);
    s->poll.data = s;
    (void)uv_timer_start(&s->poll, on_poll, 0, POLL_MS);
}

static void on_stopping(void *ctx)
{
    struct sending *s = ctx;

    uv_close((uv_handle_t *)&s->poll, NULL);
}

/* ---- the settings ---- */

/* The configuration with its providers replaced by a sink. */
static int sink_config(struct cli *cli, const char *path, struct buf *out)
{
    struct buf text;
    struct json_doc *doc = NULL;
    struct json_writer w;
    struct err e = {0};
    int rc;

    buf_init(&text, CONFIG_MAX);
    rc = cli_read(cli, path, &text);
    if (rc == CLI_OK && json_parse((struct str){text.data, text.len}, JSON_COMMENTS,
                                   &json_default_limits, &doc, NULL, &e) != 0) {
        cli_error(cli, "%s: %s", path, e.text);
        rc = CLI_CONFIG;
    }
    jsonw_init(&w, out);
    jsonw_object(&w);
    for (const struct json *v = doc == NULL ? NULL : json_first(json_root(doc)); v != NULL;
         v = json_next(v)) {
        struct str key = str_of(json_key(v));

        if (!str_eqs(key, "providers") && !str_eqs(key, "routes")) {
            jsonw_key(&w, json_key(v));
            jsonw_value(&w, v);
        }
    }
    jsonw_key(&w, "providers");
    jsonw_raw(&w, STR("{\"sink\":{\"kind\":\"sink\"}}"));
    jsonw_key(&w, "routes");
    jsonw_raw(&w, STR("{\"sms\":[\"sink\"],\"email\":[\"sink\"]}"));
    jsonw_end_object(&w);
    json_free(doc);
    buf_finish(&text);
    return rc;
}

/* Without any configuration a sample office speaks. */
static int sample_config(struct cli *cli, struct buf *out)
{
    char templates[PATH_MAX];
    char recipes[PATH_MAX];
    int rc = common_share(cli, "templates", templates, sizeof templates);

    rc = rc == CLI_OK ? common_share(cli, "recipes", recipes, sizeof recipes) : rc;
    if (rc == CLI_OK) {
        demo_config(out, "unused.db", templates, recipes, NULL, 0);
    }
    return rc;
}

static int load_sink_settings(struct cli *cli, struct settings **ret)
{
    const char *path = common_config_path(cli);
    bool sample = cli->config == NULL && access(path, R_OK) != 0;
    struct faults faults;
    struct err e = {0};
    struct buf text;
    int rc;

    buf_init(&text, CONFIG_MAX);
    rc = sample ? sample_config(cli, &text) : sink_config(cli, path, &text);
    if (rc == CLI_OK) {
        faults_init(&faults);
        if (settings_parse((struct str){text.data, text.len}, sample ? "sample.jsonc" : path,
                           provider_types, ret, &faults, &e) != 0) {
            common_print_faults(cli, &faults);
            rc = CLI_CONFIG;
        }
        faults_finish(&faults);
    }
    buf_finish(&text);
    return rc;
}

/* ---- what came of it ---- */

static int exit_of(const struct sending *s)
{
    switch (s->state) {
    case MESSAGE_ACCEPTED:
    case MESSAGE_DELIVERED:
        return CLI_OK;
    case MESSAGE_QUEUED:
    case MESSAGE_PLANNED:
        return CLI_TEMPORARY;
    case MESSAGE_SUPPRESSED:
        return CLI_REFUSED;
    default:
        return CLI_FAILED;
    }
}

static const char *outcome_word(const struct sending *s)
{
    return s->provider[0] == '\0' ? "not_sent" : outcome_name(s->outcome);
}

static void print_json(const struct sending *s)
{
    struct json_writer w;
    struct buf out;

    buf_init(&out, CONFIG_MAX);
    jsonw_init(&w, &out);
    jsonw_object(&w);
    jsonw_put(&w, "channel", channel_name(s->channel));
    jsonw_put(&w, "state", message_state_name(s->state));
    jsonw_put(&w, "outcome", outcome_word(s));
    jsonw_put(&w, "provider", s->provider);
    jsonw_put(&w, "provider_ref", s->provider_ref);
    jsonw_put(&w, "code", s->code);
    jsonw_put(&w, "detail", s->detail);
    jsonw_put(&w, "reason", s->reason);
    jsonw_put_str(&w, "text", (struct str){buf_cstr(&s->content), s->content.len});
    jsonw_end_object(&w);
    (void)fprintf(s->cli->out, "%s\n", buf_cstr(&out));
    buf_finish(&out);
}

static void print_words(const struct sending *s)
{
    struct cli *cli = s->cli;

    (void)fprintf(cli->out, "%s  %s  %s  %s%s%s\n", channel_label(s->channel, cli->turkish),
                  s->provider, outcome_word(s), s->code, s->detail[0] != '\0' ? " " : "",
                  s->detail);
    (void)fprintf(cli->out, "%s%s%s%s\n", message_state_sentence(s->state, cli->turkish),
                  s->reason[0] != '\0' ? " [" : "", s->reason, s->reason[0] != '\0' ? "]" : "");
    if (s->content.len > 0) {
        (void)fprintf(cli->out, "\n%s\n", buf_cstr(&s->content));
    }
}

static int deliver(struct sending *s)
{
    struct app_options options = {
        .in_memory = true, .ready = on_ready, .stopping = on_stopping, .ctx = s};
    struct cli *cli = s->cli;
    struct err e = {0};
    int rc = cli_flag(cli, "sink") ? load_sink_settings(cli, &options.settings)
                                   : common_settings(cli, &options.settings);

    if (rc != CLI_OK) {
        return rc;
    }
    rc = app_run(&options, &e);
    if (rc != 0 || s->err.code != 0) {
        return common_failed(cli, "gönderilemedi", "not sent", rc != 0 ? &e : &s->err);
    }
    if (cli->json) {
        print_json(s);
    } else {
        print_words(s);
    }
    return exit_of(s);
}

static int run(int argc, char **argv, struct cli *cli)
{
    struct sending *s = calloc(1, sizeof *s);
    const char *to = cli_value(cli, "to");
    int rc;

    (void)argc;
    (void)argv;
    if (s == NULL) {
        return CLI_FAILED;
    }
    s->cli = cli;
    s->template = cli_value(cli, "template");
    buf_init(&s->facts, STORE_BODY_MAX);
    buf_init(&s->content, STORE_BODY_MAX);
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_AUTO);
    if (to == NULL || s->template == NULL) {
        rc = cli_usage(
            cli, "%s",
            cli_tr(cli, "--to ve --template gerekli", "--to and --template are required"));
    } else {
        rc = read_recipient(s, to);
    }
    rc = rc == CLI_OK ? write_facts(s) : rc;
    rc = rc == CLI_OK ? deliver(s) : rc;
    buf_finish(&s->facts);
    buf_finish(&s->content);
    free(s);
    return rc;
}

static const struct cli_option options[] = {
    {.name = "to",
     .arg = "ALICI",
     .tr = "cep telefonu ya da e-posta adresi",
     .en = "mobile number or mailbox"},
    {.name = "template",
     .letter = 't',
     .arg = "AD",
     .tr = "şablonun adı, örnek: a30",
     .en = "name of the template, for instance a30"},
    {.name = "var",
     .repeated = true,
     .arg = "AD=DEĞER",
     .tr = "şablondaki bir adın değeri (yinelenebilir)",
     .en = "value of a name (repeatable)"},
    {.name = "sink",
     .tr = "göndermez, ne gideceğini gösterir",
     .en = "sends nothing, shows what would go"},
    {0},
};

static const struct cli_example examples[] = {
    {"hatirlat send --to 05320000067 --template a30 --sink", "gitmeden metni gösterir",
     "shows the text without sending"},
    {"hatirlat send --to kisi@ornek.test --template a30 --var holder.given_name=Işıl", NULL, NULL},
    {NULL, NULL, NULL},
};

const struct cli_command command_send = {
    .name = "send",
    .tr = "Tek bir iletiyi hemen gönderir, sonucunu yazar",
    .en = "Sends one message now and prints its outcome",
    .usage = "--to ALICI --template AD [--var AD=DEĞER]… [--sink]",
    .usage_en = "--to RECIPIENT --template NAME [--var NAME=VALUE]… [--sink]",
    .options = options,
    .examples = examples,
    .run = run};
