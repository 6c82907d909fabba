#include "base/file.h"
#include "base/option.h"
#include "cli/common.h"
#include "cli/recipe_try.h"
#include "cli/simulate.h"
#include "domain/phone.h"

#include <stdlib.h>
#include <unistd.h>

enum { RECIPE_MAX = 256 * 1024, SETTINGS_MAX = 65536 };

#define TRY_SECRET "HATIRLAT_TRY_SECRET"
#define TRY_NUMBER "+905320000067"
#define TRY_TEXT   "Hatırlat denemesi: ğüşıöç ĞÜŞİÖÇ"

/* ---- the recipe's own words ---- */

static void read_recipe_words(struct trying *t, const struct json *root)
{
    const char *name = json_str(json_get(root, "name")).ptr;
    const char *url = json_str(json_get(root, "base_url")).ptr;
    const char *host = url == NULL ? NULL : strstr(url, "://");
    const char *path = host == NULL ? NULL : strchr(host + 3, '/');

    (void)snprintf(t->vendor, sizeof t->vendor, "%s", name == NULL ? "" : name);
    if (path != NULL && strcmp(path, "/") != 0) {
        (void)snprintf(t->base_path, sizeof t->base_path, "%s", path);
    }
}

static int read_recipe(struct trying *t)
{
    struct json_doc *doc = NULL;
    struct json_place place;
    struct err e = {0};
    struct buf text;
    int fd = file_open(t->recipe, &e); /* says what it is, where reading would wait */
    int rc;

    if (fd < 0) {
        return common_failed(t->cli, "tarif okunamadı", "the recipe could not be read", &e);
    }
    (void)close(fd);
    buf_init(&text, RECIPE_MAX);
    rc = cli_read(t->cli, t->recipe, &text);
    if (rc == CLI_OK) {
        if (json_parse((struct str){buf_cstr(&text), text.len}, JSON_COMMENTS, &json_default_limits,
                       &doc, &place, &e) == 0) {
            read_recipe_words(t, json_root(doc));
            json_free(doc);
        } else {
            (void)err_prefix(&e, "%s:%d:%d", t->recipe, place.line, place.column);
            rc = common_failed(t->cli, "tarif okunamadı", "the recipe could not be read", &e);
            rc = CLI_CONFIG;
        }
    }
    buf_finish(&text);
    return rc;
}

/* ---- the message ---- */

static int read_message(struct trying *t)
{
    struct cli *cli = t->cli;
    const char *to = cli_value(cli, "to");
    const char *text = cli_value(cli, "text");
    struct phone phone;
    char why[200];

    if (to == NULL && t->really) {
        return cli_usage(cli, "%s",
                         cli_tr(cli, "--really gerçek bir SMS gönderir: --to gerekir",
                                "--really sends a real SMS: --to is needed"));
    }
    if (phone_parse(str_of(to == NULL ? TRY_NUMBER : to), &phone) != PHONE_OK) {
        phone_explain(&phone, cli->turkish, why, sizeof why);
        return cli_usage(cli, "--to: %s", why);
    }
    if (t->really && cli_value(cli, "fault") != NULL) {
        return cli_usage(cli, "%s",
                         cli_tr(cli, "--fault benzetimin arızasıdır; --really ile verilmez",
                                "--fault is a fault of the simulator; it does not go with "
                                "--really"));
    }
    (void)snprintf(t->to, sizeof t->to, "%s", phone.e164);
    if (text != NULL && strlen(text) >= sizeof t->text) {
        return cli_usage(cli, "--text: %s", cli_tr(cli, "çok uzun", "too long"));
    }
    (void)snprintf(t->text, sizeof t->text, "%s", text == NULL ? TRY_TEXT : text);
    return CLI_OK;
}

static int read_wait(struct trying *t)
{
    const char *text = cli_value(t->cli, "wait");

    t->wait_ms = t->really ? 0 : 5000;
    if (text != NULL && (str_duration_ms(str_of(text), &t->wait_ms) != 0 || t->wait_ms < 0)) {
        return cli_usage(t->cli, "--wait %s: %s", text,
                         cli_tr(t->cli, "süre yazın, örneğin 2m", "write a duration such as 2m"));
    }
    return CLI_OK;
}

int recipe_try_prepare(struct trying *t, const char *wanted)
{
    char path[PATH_MAX];
    int rc = recipe_find(t->cli, wanted, path, sizeof path);
    const char *here = rc == CLI_OK && strchr(path, '/') == NULL ? "./" : ""; /* no name, a file */

    if (rc == CLI_OK &&
        snprintf(t->recipe, sizeof t->recipe, "%s%s", here, path) >= (int)sizeof t->recipe) {
        rc = CLI_NOT_FOUND;
    }
    t->really = cli_flag(t->cli, "really");
    rc = rc == CLI_OK ? read_recipe(t) : rc;
    rc = rc == CLI_OK ? read_message(t) : rc;
    return rc == CLI_OK ? read_wait(t) : rc;
}

/* ---- the provider's settings ---- */

struct pair {
    char key[64];
    const char *value;
};

static bool split_pair(const char *text, struct pair *ret)
{
    const char *at = strchr(text, '=');

    ret->value = at == NULL ? NULL : at + 1;
    return at != NULL && at > text &&
           str_copy(ret->key, sizeof ret->key, (struct str){text, (size_t)(at - text)}) == 0;
}

static int wrong_pair(struct trying *t, const char *option, const char *given)
{
    return cli_usage(t->cli, "--%s %s: %s", option, given,
                     cli_tr(t->cli, "anahtar=değer yazın", "write key=value"));
}

/* A member for a plain setting; secrets are not taken from the command line. */
static int put_setting(struct trying *t, struct json_writer *w, const struct pair *p)
{
    const struct option *o = option_find(http_sms_options, p->key);

    if (o != NULL && o->type == OPTION_SECRET) {
        return cli_usage(t->cli, "--set %s: %s", p->key,
                         cli_tr(t->cli,
                                "sırlar komut satırına yazılmaz, çünkü herkes görür: --set-file "
                                "anahtar=dosya",
                                "secrets do not go on the command line, where all can see them: "
                                "--set-file key=path"));
    }
    jsonw_key(w, p->key);
    if (o == NULL || o->type == OPTION_STRING || o->type == OPTION_DURATION ||
        o->type == OPTION_ENUM || o->type == OPTION_URL || o->type == OPTION_PATH) {
        jsonw_cstr(w, p->value);
    } else {
        jsonw_raw(w, str_of(p->value));
    }
    return CLI_OK;
}

static bool is_given(const struct trying *t, const char *key)
{
    const char *const options[] = {"set", "set-file"};
    struct pair p;
    const char *given;

    for (size_t o = 0; o < 2; o++) {
        for (size_t i = 0; (given = cli_value_at(t->cli, options[o], i)) != NULL; i++) {
            if (split_pair(given, &p) && strcmp(p.key, key) == 0) {
                return true;
            }
        }
    }
    return false;
}

static int put_given(struct trying *t, struct json_writer *w)
{
    const char *given;
    struct pair p;
    int rc = CLI_OK;

    for (size_t i = 0; rc == CLI_OK && (given = cli_value_at(t->cli, "set", i)) != NULL; i++) {
        rc = split_pair(given, &p) ? CLI_OK : wrong_pair(t, "set", given);
        if (rc == CLI_OK && strncmp(p.key, "parameters.", 11) != 0) {
            rc = put_setting(t, w, &p);
        }
    }
    for (size_t i = 0; rc == CLI_OK && (given = cli_value_at(t->cli, "set-file", i)) != NULL; i++) {
        rc = split_pair(given, &p) ? CLI_OK : wrong_pair(t, "set-file", given);
        if (rc == CLI_OK) {
            jsonw_key(w, p.key);
            jsonw_object(w);
            jsonw_put(w, "file", p.value);
            jsonw_end_object(w);
        }
    }
    return rc;
}

/* --set parameters.NAME=VALUE, gathered into one object. */
static void put_parameters(struct trying *t, struct json_writer *w)
{
    const char *given;
    struct pair p;
    bool open = false;

    for (size_t i = 0; (given = cli_value_at(t->cli, "set", i)) != NULL; i++) {
        if (!split_pair(given, &p) || strncmp(p.key, "parameters.", 11) != 0) {
            continue;
        }
        if (!open) {
            jsonw_key(w, "parameters");
            jsonw_object(w);
            open = true;
        }
        jsonw_put(w, p.key + 11, p.value);
    }
    if (open) {
        jsonw_end_object(w);
    }
}

static void put_samples(struct trying *t, const char *url, const char *user, struct json_writer *w)
{
    char base[256];

    (void)snprintf(base, sizeof base, "%s%s", url, t->base_path);
    if (!is_given(t, "base_url")) {
        jsonw_put(w, "base_url", base);
    }
    if (!is_given(t, "user")) {
        jsonw_put(w, "user", user);
    }
    if (!is_given(t, "sender")) {
        jsonw_put(w, "sender", "BATMANMEM");
    }
    for (size_t i = 0; i < 2; i++) {
        const char *key = i == 0 ? "password" : "report_secret";

        if (!is_given(t, key)) {
            jsonw_key(w, key);
            jsonw_object(w);
            jsonw_put(w, "env", TRY_SECRET);
            jsonw_end_object(w);
        }
    }
}

static int write_settings(struct trying *t, const char *url, const char *user)
{
    struct json_writer w;
    int rc;

    (void)setenv(TRY_SECRET, "deneme-sirri", 1);
    buf_init(&t->settings_text, SETTINGS_MAX);
    jsonw_init(&w, &t->settings_text);
    jsonw_object(&w);
    jsonw_put(&w, "recipe", t->recipe);
    rc = put_given(t, &w);
    put_parameters(t, &w);
    if (url != NULL) {
        put_samples(t, url, user, &w);
    }
    jsonw_end_object(&w);
    return rc;
}

int recipe_try_settings(struct trying *t, const char *url, const char *user)
{
    struct faults faults;
    struct err e = {0};
    int rc = write_settings(t, url, user);

    if (rc != CLI_OK) {
        return rc;
    }
    if (json_parse((struct str){buf_cstr(&t->settings_text), t->settings_text.len}, 0,
                   &json_default_limits, &t->settings_doc, NULL, &e) != 0) {
        return cli_usage(t->cli, "--set: %s", e.text);
    }
    faults_init(&faults);
    option_read(http_sms_options, json_root(t->settings_doc), "", &t->settings, &faults);
    if (faults.errors == 0) {
        http_sms_provider_type.check(&t->settings, "", &faults);
    }
    if (faults.count > 0) {
        common_print_faults(t->cli, &faults);
    }
    rc = faults.errors == 0 ? CLI_OK : CLI_CONFIG;
    faults_finish(&faults);
    recipe_try_hide(t, t->settings.password.value);
    recipe_try_hide(t, t->settings.report_secret.value);
    return rc;
}

void recipe_try_finish(struct trying *t)
{
    option_release(http_sms_options, &t->settings);
    json_free(t->settings_doc);
    buf_finish(&t->settings_text);
    buf_finish(&t->seen);
    while (t->hidden_count > 0) {
        buf_finish(&t->hidden[--t->hidden_count]);
    }
}
