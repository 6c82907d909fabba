/* hatirlat key create|list|revoke: access keys of the HTTP interface. */
#include "api/auth.h"
#include "base/civil.h"
#include "base/clock.h"
#include "base/json.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/common.h"
#include "config/conf.h"
#include "flow/keys.h"
#include "flow/settings.h"

#include <stdio.h>
#include <unistd.h>

/* The service holds the database while it runs: then CLI_TEMPORARY, silently, and it is asked. */
static int open_store(struct cli *cli, unsigned flags, struct store **ret)
{
    struct settings *settings;
    struct err e = {0};
    int rc = common_settings(cli, &settings);

    if (rc != CLI_OK) {
        return rc;
    }
    rc = store_sqlite_open(settings->conf->database, flags, ret, &e);
    settings_drop(settings);
    if (rc == ERR_BUSY) {
        return CLI_TEMPORARY;
    }
    return rc == 0 ? CLI_OK
                   : common_failed(cli, "veritabanı açılamadı", "cannot open the database", &e);
}

static void name_actor(char ret_actor[AUDIT_ACTOR_MAX + 1])
{
    (void)snprintf(ret_actor, AUDIT_ACTOR_MAX + 1, "uid:%lld", (long long)getuid());
}

static int store_key(struct store *s, struct key_row *row, struct err *e)
{
    char actor[AUDIT_ACTOR_MAX + 1];
    int rc = store_begin(s, e);

    name_actor(actor);
    rc = rc == 0 ? keys_add(s, row, actor, e) : rc;
    if (rc != 0) {
        store_rollback(s);
        return rc;
    }
    return store_commit(s, e);
}

static void print_key(struct cli *cli, const char *name, const char *scopes, const char *token)
{
    struct json_writer w;
    struct buf out;

    if (!cli->json) {
        (void)fprintf(cli->out, "%s\n", token);
        cli_note(cli, "%s",
                 cli_tr(cli, "Bu anahtar bir daha gösterilmez; şimdi güvenli bir yere koyun.",
                        "This key is not shown again; put it in a safe place now."));
        return;
    }
    buf_init(&out, 1024);
    jsonw_init(&w, &out);
    jsonw_object(&w);
    jsonw_put(&w, "name", name);
    jsonw_put(&w, "scopes", scopes);
    jsonw_put(&w, "key", token);
    jsonw_end_object(&w);
    (void)fprintf(cli->out, "%s\n", buf_cstr(&out));
    buf_finish(&out);
}

/* The running service makes the key, or ends it, over its socket. */
static int ask_service(struct cli *cli, const char *operation, const char *name, const char *scopes)
{
    const struct client_field fields[] = {{"name", name}, {"scopes", scopes}, {NULL, NULL}};
    const struct client_question question = {.operation = operation, .fields = fields};
    struct client_answer answer;
    char token[AUTH_TOKEN_SIZE] = "";
    int rc = client_ask(cli, &question, &answer);

    if (rc == CLI_OK && scopes != NULL) {
        (void)str_copy(token, sizeof token, json_str(json_get(json_root(answer.doc), "key")));
        print_key(cli, name, scopes, token);
        crypto_wipe(token, sizeof token);
    } else if (rc == CLI_OK) {
        cli_note(cli, "%s: %s", cli_tr(cli, "iptal edildi", "revoked"), name);
    }
    client_finish(&answer);
    return rc;
}

static int run_create(int argc, char **argv, struct cli *cli)
{
    const char *scopes = cli_value(cli, "scope");
    int64_t now = clock_wall_ms(clock_system());
    char token[AUTH_TOKEN_SIZE];
    struct key_row row;
    struct store *store;
    struct err e = {0};
    int rc;

    (void)argc;
    if (scopes == NULL) {
        scopes = "events:write messages:read";
    }
    rc = auth_key_make(str_of(argv[0]), str_of(scopes), now, &row, token, &e);
    if (rc != 0) {
        return cli_usage(cli, "%s", e.text);
    }
    rc = open_store(cli, STORE_CREATE, &store);
    if (rc == CLI_TEMPORARY) {
        return ask_service(cli, "key.create", argv[0], scopes);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    rc = store_key(store, &row, &e);
    store_close(store);
    if (rc != 0) {
        return common_failed(cli, "anahtar oluşturulamadı", "cannot create the key", &e);
    }
    print_key(cli, argv[0], scopes, token);
    crypto_wipe(token, sizeof token);
    return CLI_OK;
}

static int print_row(void *ctx, const struct key_row *row)
{
    struct cli *cli = ctx;
    char created[32];
    char revoked[32] = "-";

    rfc3339_format(row->created_ms, created);
    if (row->revoked_ms != 0) {
        rfc3339_format(row->revoked_ms, revoked);
    }
    if (cli->json) {
        (void)fprintf(
            cli->out,
            "{\"name\":\"%.*s\",\"scopes\":\"%.*s\",\"created\":\"%s\",\"revoked\":%s%s%s}\n",
            (int)row->name.len, row->name.ptr, (int)row->scopes.len, row->scopes.ptr, created,
            row->revoked_ms != 0 ? "\"" : "", row->revoked_ms != 0 ? revoked : "null",
            row->revoked_ms != 0 ? "\"" : "");
    } else {
        (void)fprintf(cli->out, "%-24.*s %-48.*s %-24s %s\n", (int)row->name.len, row->name.ptr,
                      (int)row->scopes.len, row->scopes.ptr, created, revoked);
    }
    return 0;
}

static int run_list(int argc, char **argv, struct cli *cli)
{
    struct store *store;
    struct err e = {0};
    int rc = open_store(cli, STORE_READ_ONLY, &store);

    (void)argc;
    (void)argv;
    if (rc != CLI_OK) {
        return rc;
    }
    if (!cli->json) {
        (void)fprintf(cli->out, "%-24s %-48s %-24s %s\n", cli_tr(cli, "AD", "NAME"),
                      cli_tr(cli, "YETKİ", "SCOPES"), cli_tr(cli, "OLUŞTURULMA", "CREATED"),
                      cli_tr(cli, "İPTAL", "REVOKED"));
    }
    rc = store_key_list(store, print_row, cli, &e);
    store_close(store);
    return rc == 0 ? CLI_OK
                   : common_failed(cli, "anahtarlar okunamadı", "cannot read the keys", &e);
}

static int run_revoke(int argc, char **argv, struct cli *cli)
{
    char actor[AUDIT_ACTOR_MAX + 1];
    struct store *store;
    struct err e = {0};
    int rc = open_store(cli, 0, &store);

    (void)argc;
    if (rc == CLI_TEMPORARY) {
        return ask_service(cli, "key.revoke", argv[0], NULL);
    }
    if (rc != CLI_OK) {
        return rc;
    }
    rc = store_begin(store, &e);
    name_actor(actor);
    rc = rc == 0 ? keys_revoke(store, argv[0], clock_wall_ms(clock_system()), actor, &e) : rc;
    rc = rc == 0 ? store_commit(store, &e) : rc;
    store_close(store);
    if (rc != 0) {
        return common_failed(cli, "anahtar iptal edilemedi", "cannot revoke the key", &e);
    }
    cli_note(cli, "%s: %s", cli_tr(cli, "iptal edildi", "revoked"), argv[0]);
    return CLI_OK;
}

static const struct cli_option create_options[] = {
    {.name = "scope",
     .letter = 's',
     .arg = "YETKİ",
     .tr = "boşlukla ayrılmış yetkiler",
     .en = "scopes, separated by spaces"},
    {0},
};

static const struct cli_example create_examples[] = {
    {"hatirlat key create dys --scope events:write", "DYS'nin olay gönderebileceği bir anahtar",
     "a key with which the DYS can post events"},
    {"hatirlat key create prometheus --scope metrics:read", NULL, NULL},
    {"hatirlat key create panel --scope 'messages:read messages:write admin'", NULL, NULL},
    {NULL, NULL, NULL},
};

static const struct cli_example list_examples[] = {
    {"hatirlat key list", "bütün anahtarlar, gizli kısımları olmadan",
     "all keys, without their secret parts"},
    {NULL, NULL, NULL},
};

static const struct cli_example revoke_examples[] = {
    {"hatirlat key revoke dys", "anahtar bir daha kabul edilmez", "the key is accepted no more"},
    {NULL, NULL, NULL},
};

const struct cli_command command_key_create = {
    .name = "key create",
    .tr = "Yeni bir erişim anahtarı oluşturur, bir kez gösterir",
    .en = "Makes an access key and shows it once",
    .usage = "AD [--scope YETKİLER]",
    .usage_en = "NAME [--scope SCOPES]",
    .options = create_options,
    .examples = create_examples,
    .min_args = 1,
    .max_args = 1,
    .run = run_create};

const struct cli_command command_key_list = {.name = "key list",
                                             .tr = "Erişim anahtarlarını listeler",
                                             .en = "Lists the access keys",
                                             .usage = "",
                                             .usage_en = "",
                                             .examples = list_examples,
                                             .run = run_list};

const struct cli_command command_key_revoke = {.name = "key revoke",
                                               .tr = "Bir erişim anahtarını iptal eder",
                                               .en = "Revokes an access key",
                                               .usage = "AD",
                                               .usage_en = "NAME",
                                               .examples = revoke_examples,
                                               .min_args = 1,
                                               .max_args = 1,
                                               .run = run_revoke};
