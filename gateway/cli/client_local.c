/* No service runs: the operation works on the database itself, which is locked meanwhile. */
#include "base/clock.h"
#include "cli/client_ways.h"
#include "cli/common.h"
#include "config/conf.h"
#include "domain/ids.h"
#include "flow/apply.h"

#include <stdio.h>
#include <unistd.h>

enum { APPLY_SLICE = 500 };

struct desk_here {
    struct store *store;
    unsigned char key[HASH_KEY_SIZE];
    struct ids *ids;
    struct hash *hash;
    struct json_doc *params;
    struct faults faults;
    char actor[DESK_ACTOR_MAX];
    const struct client_question *question;
};

static int open_here(struct cli *cli, const struct settings *settings, struct desk_here *d)
{
    struct err e = {0};
    int rc = store_sqlite_open(settings->conf->database, STORE_CREATE, &d->store, &e);

    if (rc == ERR_BUSY) {
        cli_error(cli, "%s: %s",
                  cli_tr(cli, "hizmet çalışıyor ama yuvasına ulaşılamıyor",
                         "the service runs, but its socket cannot be reached"),
                  e.text);
        return CLI_TEMPORARY;
    }
    rc = rc == 0 ? settings_installation_key(d->store, d->key, &e) : rc;
    if (rc != 0) {
        return common_failed(cli, "veritabanı açılamadı", "cannot open the database", &e);
    }
    d->ids = ids_create(d->key);
    d->hash = hash_create(d->key);
    return d->ids != NULL && d->hash != NULL ? CLI_OK : CLI_FAILED;
}

static void close_here(struct desk_here *d)
{
    ids_destroy(d->ids);
    hash_destroy(d->hash);
    json_free(d->params);
    faults_finish(&d->faults);
    store_close(d->store);
    crypto_wipe(d->key, sizeof d->key);
}

/* What the operation appended to the log becomes cases and messages before anybody looks. */
static int apply_here(const struct desk_here *d, const struct settings *settings, int64_t now_ms,
                      struct err *e)
{
    struct apply_env env = settings_apply_env(settings, now_ms);
    struct store *s = d->store;
    const int64_t before = store_applied(s);
    int rc = 0;

    env.key = d->key;
    while (rc == 0 && store_applied(s) < store_event_last(s)) {
        if (d->question->progress != NULL) {
            d->question->progress(d->question->progress_ctx, store_applied(s) - before,
                                  store_event_last(s) - before);
        }
        rc = store_begin(s, e);
        rc = rc == 0 ? apply_backlog(s, &env, APPLY_SLICE, e) : rc;
        if (rc == 0) {
            rc = store_commit(s, e);
        } else {
            store_rollback(s);
        }
    }
    return rc;
}

static int run_here(struct desk_here *d, const struct settings *settings,
                    const struct desk_operation *o, struct desk_call *call, struct err *e)
{
    const bool writes = (o->flags & DESK_WRITES) != 0;
    int rc = apply_here(d, settings, call->now_ms, e);

    rc = rc == 0 && writes ? store_begin(d->store, e) : rc;
    if (rc != 0) {
        return rc;
    }
    rc = o->run(call, e);
    rc = rc == 0 && writes ? desk_check_all_read(call, e) : rc;
    if (rc == 0 && buf_failed(call->out) != 0) {
        rc = err_set(e, buf_failed(call->out), "the answer does not fit");
    }
    if (!writes) {
        return rc;
    }
    if (rc != 0) {
        store_rollback(d->store);
        return rc;
    }
    rc = store_commit(d->store, e);
    return rc == 0 ? apply_here(d, settings, call->now_ms, e) : rc;
}

static int explain(struct cli *cli, const struct desk_here *d, int rc, const struct err *e)
{
    for (size_t i = 0; i < d->faults.count; i++) {
        cli_error(cli, "%s", cli->turkish ? d->faults.list[i].tr : d->faults.list[i].en);
    }
    if (d->faults.count == 0) {
        return common_failed(cli, "işlem yapılamadı", "this could not be done", e);
    }
    return rc == ERR_INVALID ? CLI_USAGE : cli_exit_of(rc);
}

static int read_members(const struct client_question *q, struct desk_here *d, struct err *e)
{
    struct buf text;
    int rc;

    buf_init(&text, DESK_PARAMS_MAX);
    client_write_members(q, &text);
    rc =
        json_parse((struct str){text.data, text.len}, 0, &json_default_limits, &d->params, NULL, e);
    buf_finish(&text);
    return rc;
}

int client_local(struct cli *cli, const struct settings *settings, const struct client_exchange *x,
                 struct client_answer *ret)
{
    struct desk_here d = {.question = x->question};
    struct err e = {0};
    struct desk_call call;
    int status;
    int rc;

    if ((x->operation->flags & DESK_LIVE) != 0) {
        cli_error(cli, "%s",
                  cli_tr(cli, "hizmet çalışmıyor; bu bilgi yalnız ondan alınır",
                         "the service does not run, and only the service knows this"));
        return CLI_UNREACHABLE;
    }
    faults_init(&d.faults);
    (void)snprintf(d.actor, sizeof d.actor, "uid:%lld", (long long)getuid());
    status = open_here(cli, settings, &d);
    if (status != CLI_OK) {
        close_here(&d);
        return status;
    }
    rc = read_members(x->question, &d, &e);
    call = (struct desk_call){.store = d.store,
                              .settings = settings,
                              .ids = d.ids,
                              .hash = d.hash,
                              .key = d.key,
                              .now_ms = clock_wall_ms(clock_system()),
                              .turkish = cli->turkish,
                              .actor = d.actor,
                              .params = json_root(d.params),
                              .file = x->question->file,
                              .faults = &d.faults,
                              .out = &ret->body,
                              .content_type = "application/json"};
    rc = rc == 0 ? run_here(&d, settings, x->operation, &call, &e) : rc;
    if (rc == 0) {
        (void)str_copy(ret->content_type, sizeof ret->content_type, str_of(call.content_type));
        rc = strstr(ret->content_type, "json") == NULL ? 0 : client_parse(ret, &e);
    }
    status = rc == 0 ? CLI_OK : explain(cli, &d, rc, &e);
    close_here(&d);
    return status;
}
