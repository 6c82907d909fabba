/* Access keys over the interface: list, make, end. For administrators. */
#include "flow/keys.h"
#include "api/api_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { ANSWER_MAX = 1 << 20, SCOPES_MAX = 240 };

struct key_job {
    struct store_job job;
    struct api *api;
    struct http_request *req;
    struct buf out;
    int64_t now_ms;
    struct key_row row;
    char name[AUTH_NAME_MAX + 1];
    char scopes[SCOPES_MAX];
    char token[AUTH_TOKEN_SIZE];
    char actor[AUDIT_ACTOR_MAX + 1];
    bool revoke;
};

static struct key_job *new_job(struct call *call)
{
    struct key_job *j = calloc(1, sizeof *j);

    if (j == NULL) {
        api_refuse(call->req, "out_of_memory", NULL, NULL);
        return NULL;
    }
    j->api = call->api;
    j->req = call->req;
    j->now_ms = gateway_now(call->api->g);
    api_actor(call, j->actor);
    buf_init(&j->out, ANSWER_MAX);
    return j;
}

static void free_job(struct key_job *j)
{
    crypto_wipe(j->token, sizeof j->token);
    buf_finish(&j->out);
    free(j);
}

static void finish_job(struct key_job *j)
{
    struct api *api = j->api;

    free_job(j);
    api_drop(api);
}

static void start_job(struct key_job *j, struct store_thread *thread,
                      int (*work)(struct store_job *job, struct store *s, struct err *e),
                      void (*done)(struct store_job *job, int status, const struct err *e))
{
    j->job.work = work;
    j->job.done = done;
    api_hold(j->api);
    store_thread_submit(thread, &j->job);
}

/* ---- list ---- */

static void write_scopes(struct json_writer *w, struct str scopes)
{
    unsigned bits = 0;

    jsonw_key(w, "scopes");
    jsonw_array(w);
    (void)auth_scopes_parse(scopes, &bits, NULL);
    for (unsigned bit = 1; bit <= SCOPE_ADMIN; bit <<= 1) {
        if ((bits & bit) != 0) {
            jsonw_cstr(w, auth_scope_name(bit));
        }
    }
    jsonw_end_array(w);
}

static int list_key(void *ctx, const struct key_row *row)
{
    struct json_writer *w = ctx;

    jsonw_object(w);
    jsonw_put_str(w, "name", row->name);
    write_scopes(w, row->scopes);
    jsonw_put_time(w, "created_at", row->created_ms);
    jsonw_put_time(w, "revoked_at", row->revoked_ms);
    jsonw_end_object(w);
    return 0;
}

static int list_work(struct store_job *job, struct store *s, struct err *e)
{
    struct key_job *j = (struct key_job *)job;
    struct json_writer w;
    int rc;

    jsonw_init(&w, &j->out);
    jsonw_object(&w);
    jsonw_key(&w, "items");
    jsonw_array(&w);
    rc = store_key_list(s, list_key, &w, e);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    return rc != 0 ? rc : buf_failed(&j->out);
}

static void list_done(struct store_job *job, int status, const struct err *e)
{
    struct key_job *j = (struct key_job *)job;

    (void)e;
    if (status == 0) {
        api_answer(j->req, 200, &j->out);
    } else {
        api_refuse_for(j->req, status);
    }
    finish_job(j);
}

void handle_key_list(struct call *call)
{
    struct key_job *j = new_job(call);

    if (j != NULL) {
        start_job(j, api_reader(call->api), list_work, list_done);
    }
}

/* ---- make and end ---- */

static int change_work(struct store_job *job, struct store *s, struct err *e)
{
    struct key_job *j = (struct key_job *)job;

    return j->revoke ? keys_revoke(s, j->name, j->now_ms, j->actor, e)
                     : keys_add(s, &j->row, j->actor, e);
}

static void answer_change(struct key_job *j)
{
    struct json_writer w;

    jsonw_init(&w, &j->out);
    jsonw_object(&w);
    jsonw_put(&w, "name", j->name);
    if (j->revoke) {
        jsonw_put_time(&w, "revoked_at", j->now_ms);
    } else {
        write_scopes(&w, str_of(j->scopes));
        jsonw_put(&w, "key", j->token);
    }
    jsonw_end_object(&w);
    api_answer(j->req, j->revoke ? 200 : 201, &j->out);
}

/* The change holds from the answer on; a reading that is under way is repeated. */
static void know_change(struct key_job *j)
{
    if (j->revoke) {
        auth_table_remove(&j->api->keys, j->name);
    } else {
        (void)auth_table_put(&j->api->keys, &j->row);
    }
    api_reload(j->api);
}

static void change_done(struct store_job *job, int status, const struct err *e)
{
    struct key_job *j = (struct key_job *)job;

    (void)e;
    if (status == 0) {
        know_change(j);
        answer_change(j);
    } else if (status == ERR_EXISTS) {
        api_refuse(j->req, "key_exists", NULL, NULL);
    } else if (status == ERR_NOT_FOUND) {
        api_refuse(j->req, "not_found", NULL,
                   api_turkish(j->req) ? "Bu adla geçerli bir erişim anahtarı yok."
                                       : "No access key of this name is in force.");
    } else {
        api_refuse_for(j->req, status);
    }
    finish_job(j);
}

/* {"name":…,"scopes":[…]}; also scopes as one text with blanks between. */
static void read_wish(const struct json *root, struct key_job *j, struct faults *faults)
{
    const struct json *scopes = json_get(root, "scopes");
    size_t used = 0;
    struct err e = {0};
    unsigned bits;

    (void)str_copy(j->scopes, sizeof j->scopes, json_str(scopes));
    for (const struct json *v = json_first(scopes); v != NULL; v = json_next(v)) {
        struct str s = json_str(v);

        if (used + s.len + 2 < sizeof j->scopes) {
            used += (size_t)snprintf(j->scopes + used, sizeof j->scopes - used, "%s%.*s",
                                     used > 0 ? " " : "", (int)s.len, s.ptr == NULL ? "" : s.ptr);
        }
    }
    if (str_copy(j->name, sizeof j->name, json_str(json_get(root, "name"))) != 0 ||
        !auth_name_valid(str_of(j->name))) {
        faults_add(faults, "/name", "invalid_name",
                   "Ad 1-32 karakter olmalı: küçük harf, rakam ve tire.",
                   "A name is 1 to 32 of a-z, 0-9 and \"-\".");
    }
    if (auth_scopes_parse(str_of(j->scopes), &bits, &e) != 0) {
        faults_add(faults, "/scopes", "invalid_scopes",
                   "Yetkiler şunlardan seçilir: events:write messages:read messages:write "
                   "metrics:read campaigns:read campaigns:write roster:write admin.",
                   "Scopes are some of events:write messages:read messages:write metrics:read "
                   "campaigns:read campaigns:write roster:write admin.");
    }
}

static void create_key(struct call *call, const struct json *root)
{
    struct key_job *j = new_job(call);
    struct faults faults;
    struct err e = {0};

    if (j == NULL) {
        return;
    }
    faults_init(&faults);
    read_wish(root, j, &faults);
    if (faults.errors > 0 ||
        auth_key_make(str_of(j->name), str_of(j->scopes), j->now_ms, &j->row, j->token, &e) != 0) {
        api_refuse(call->req, "validation_failed", &faults, NULL);
        free_job(j);
    } else {
        start_job(j, call->api->g->writer, change_work, change_done);
    }
    faults_finish(&faults);
}

void handle_key_create(struct call *call)
{
    static const char *const known[] = {"name", "scopes", NULL};
    struct json_doc *doc = api_members(call, known);

    if (doc != NULL) {
        create_key(call, json_root(doc));
        json_free(doc);
    }
}

void handle_key_revoke(struct call *call)
{
    struct key_job *j = new_job(call);

    if (j == NULL) {
        return;
    }
    j->revoke = true;
    if (str_copy(j->name, sizeof j->name, call->captures[0]) != 0) {
        api_refuse(call->req, "not_found", NULL, NULL);
        free_job(j);
        return;
    }
    start_job(j, call->api->g->writer, change_work, change_done);
}
