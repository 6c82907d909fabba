/* "hatirlat template list|render|lint": templates on a desk, without a server. */
#include "base/civil.h"
#include "cli/check.h"
#include "cli/commands.h"
#include "cli/template_files.h"
#include "text/turkish.h"

static int run_lint(int argc, char **argv, struct cli *cli)
{
    struct template_files t;
    int rc = template_files_open(cli, argc > 0 ? argv[0] : NULL, &t);

    if (t.set != NULL) {
        const struct lint_rules rules =
            t.conf == NULL ? lint_default_rules : check_lint_rules(t.conf);

        lint_message_set(t.set, &rules, t.conf == NULL ? NULL : &t.office, &t.faults);
        rc = t.faults.errors > 0 ? CLI_FAILED : CLI_OK;
    }
    if (rc == CLI_OK || rc == CLI_FAILED) {
        template_files_print_faults(cli, &t);
    }
    template_files_close(&t);
    return rc;
}

struct listing {
    struct cli *cli;
    struct json_writer *json;
};

static void list_one(void *ctx, enum lang lang, enum channel channel, const char *name)
{
    struct listing *l = ctx;

    if (l->json == NULL) {
        fprintf(l->cli->out, "%s  %-8s %s\n", lang_name(lang),
                channel_label(channel, l->cli->turkish), name);
        return;
    }
    jsonw_object(l->json);
    jsonw_put(l->json, "lang", lang_name(lang));
    jsonw_put(l->json, "channel", channel_name(channel));
    jsonw_put(l->json, "name", name);
    jsonw_end_object(l->json);
}

static int run_list(int argc, char **argv, struct cli *cli)
{
    struct template_files t;
    struct buf out;
    struct json_writer w;
    int rc = template_files_open(cli, argc > 0 ? argv[0] : NULL, &t);

    buf_init(&out, 1024 * 1024);
    jsonw_init(&w, &out);
    if (t.set == NULL) {
        template_files_print_faults(cli, &t);
    } else if (cli->json) {
        jsonw_array(&w);
        message_set_each(t.set, list_one, &(struct listing){cli, &w});
        jsonw_end_array(&w);
        fprintf(cli->out, "%s\n", buf_cstr(&out));
    } else {
        message_set_each(t.set, list_one, &(struct listing){cli, NULL});
    }
    buf_finish(&out);
    template_files_close(&t);
    return rc;
}

/* "2027-02-12" (its last second in Türkiye) or an RFC 3339 instant. */
static int read_instant(struct str s, bool end_of_day, int64_t *ret_ms)
{
    int64_t day;

    if (civil_parse_date(s, &day) != 0) {
        return rfc3339_parse(s, ret_ms);
    }
    *ret_ms = istanbul_day_start(end_of_day ? day + 1 : day) + (end_of_day ? -1000 : 9 * 3600000);
    return 0;
}

static int bad_data(struct cli *cli, const char *tr, const char *en, const char *what)
{
    cli_error(cli, "%s: %s", cli_tr(cli, tr, en), what);
    return CLI_FAILED;
}

/* Dates come first: everything that is computed from them follows. */
static int take_dates(struct cli *cli, const struct json *data, struct render_facts *facts)
{
    const struct json *end = json_at(data, "/certificate/not_after");
    const struct json *now = json_get(data, "now");

    if (end != NULL && read_instant(json_str(end), true, &facts->end_ms) != 0) {
        return bad_data(cli, "tarih anlaşılmadı", "this is no date", "certificate.not_after");
    }
    if (now != NULL && read_instant(json_str(now), false, &facts->now_ms) != 0) {
        return bad_data(cli, "tarih anlaşılmadı", "this is no date", "now");
    }
    return CLI_OK;
}

static bool is_date(const char *name)
{
    return strcmp(name, "now") == 0 || strcmp(name, "certificate.not_after") == 0;
}

/* Every other member replaces the value of its name: {"holder": {"given_name": …}, "guide": …}. */
static int take_names(struct cli *cli, const struct json *object, const char *prefix,
                      struct render_values *v)
{
    char name[128];

    for (const struct json *m = json_first(object); m != NULL; m = json_next(m)) {
        int rc = CLI_OK;
        snprintf(name, sizeof name, "%s%s%s", prefix, prefix[0] == '\0' ? "" : ".", json_key(m));
        if (json_type(m) == JSON_OBJECT && prefix[0] == '\0') {
            rc = take_names(cli, m, json_key(m), v);
        } else if (!is_date(name) && render_values_override(v, str_of(name), json_str(m)) != 0) {
            rc = bad_data(cli, "böyle bir ad yok", "there is no such name", name);
        }
        if (rc != CLI_OK) {
            return rc;
        }
    }
    return CLI_OK;
}

static int make_values(struct cli *cli, const struct template_files *t, const struct json *data,
                       enum lang lang, struct render_values *v)
{
    struct render_facts facts = render_sample_facts(lang);
    int rc = take_dates(cli, data, &facts);

    if (t->conf != NULL) {
        facts.office = &t->office;
    }
    if (rc == CLI_OK) {
        rc = cli_exit_of(render_values_set(v, lang, &facts));
    }
    return rc == CLI_OK ? take_names(cli, data, "", v) : rc;
}

static int read_data(struct cli *cli, struct json_doc **ret)
{
    const char *path = cli_value(cli, "data");
    struct buf text;
    struct err e = {0};
    int rc;

    *ret = NULL;
    if (path == NULL) {
        return CLI_OK;
    }
    buf_init(&text, 64 * 1024);
    rc = cli_read(cli, path, &text);
    if (rc == CLI_OK && json_parse((struct str){text.data, text.len}, JSON_COMMENTS,
                                   &json_default_limits, ret, NULL, &e) != 0) {
        rc = bad_data(cli, "JSON okunamadı", "no JSON", e.text);
    }
    buf_finish(&text);
    return rc;
}

static int render_all(struct cli *cli, const struct template_files *t, const char *name,
                      const struct json *data)
{
    const char *only = cli_value(cli, "channel");
    struct render_values *v = render_values_create();
    int rc = CLI_NOT_FOUND;

    for (int c = 0; v != NULL && c < CHANNEL_COUNT; c++) {
        enum lang lang;
        if ((only != NULL && channel_parse(str_of(only)) != (enum channel)c) ||
            message_set_lang(t->set, cli->turkish ? LANG_TR : LANG_EN, (enum channel)c,
                             str_of(name), &lang) != 0) {
            continue;
        }
        rc = make_values(cli, t, data, lang, v);
        if (rc == CLI_OK) {
            rc = template_preview(cli, t->set, (enum channel)c, str_of(name), v);
        }
        if (rc != CLI_OK) {
            break;
        }
    }
    if (rc == CLI_NOT_FOUND) {
        cli_error(cli, cli_tr(cli, "böyle bir şablon yok: %s", "there is no template %s"), name);
    }
    render_values_free(v);
    return rc;
}

static int run_render(int argc, char **argv, struct cli *cli)
{
    struct template_files t;
    struct json_doc *data = NULL;
    const char *only = cli_value(cli, "channel");
    int rc;

    (void)argc;
    if (only != NULL && channel_parse(str_of(only)) == CHANNEL_COUNT) {
        return cli_usage(cli, cli_tr(cli, "bilinmeyen kanal: %s", "unknown channel: %s"), only);
    }
    rc = template_files_open(cli, cli_value(cli, "dir"), &t);
    if (t.set == NULL) {
        template_files_print_faults(cli, &t);
    } else {
        rc = read_data(cli, &data);
        rc =
            rc == CLI_OK ? render_all(cli, &t, argv[0], data == NULL ? NULL : json_root(data)) : rc;
    }
    json_free(data);
    template_files_close(&t);
    return rc;
}

static const struct cli_option render_options[] = {
    {.name = "sample",
     .tr = "örnek değerlerle (varsayılan)",
     .en = "with example values (default)"},
    {.name = "data",
     .arg = "DOSYA",
     .tr = "değerler JSON dosyasından",
     .en = "values from a JSON file"},
    {.name = "channel", .arg = "sms|email", .tr = "yalnız bu kanal", .en = "this channel only"},
    {.name = "html", .tr = "e-postanın HTML bölümünü yazar", .en = "prints the HTML part"},
    {.name = "dir", .arg = "KLASÖR", .tr = "şablon klasörü", .en = "folder of templates"},
    {0}};

static const struct cli_example render_examples[] = {
    {"hatirlat template render a30", "SMS ve e-posta, örnek değerlerle",
     "SMS and e-mail with example values"},
    {"hatirlat template render a30 --channel sms --lang en", "İngilizce SMS", "the English SMS"},
    {"hatirlat template render n --html > n.html", "e-postayı tarayıcıda görmek için",
     "to see the mail in a browser"},
    {0}};

static const struct cli_example lint_examples[] = {
    {"hatirlat template lint", "yüklü şablonlar", "the templates in use"},
    {"hatirlat template lint config/templates", "bu klasör", "this folder"},
    {0}};

static const struct cli_example list_examples[] = {{"hatirlat template list --json", NULL, NULL},
                                                   {0}};

const struct cli_command command_template_list = {
    .name = "template list",
    .tr = "şablonları sıralar",
    .en = "lists the templates",
    .usage = "[KLASÖR]",
    .usage_en = "[DIR]",
    .examples = list_examples,
    .max_args = 1,
    .run = run_list,
};

const struct cli_command command_template_render = {
    .name = "template render",
    .tr = "bir şablonu her kanalda gösterir",
    .en = "shows a template in every channel",
    .usage = "AD",
    .usage_en = "NAME",
    .options = render_options,
    .examples = render_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_render,
};

const struct cli_command command_template_lint = {
    .name = "template lint",
    .tr = "şablonları denetler: bağlantı, uzunluk, HTML",
    .en = "checks templates: links, length, HTML",
    .usage = "[KLASÖR]",
    .usage_en = "[DIR]",
    .examples = lint_examples,
    .max_args = 1,
    .run = run_lint,
};
