/* Messages for people: lists, and one message with its timeline. */
#include "api/api_internal.h"
#include "api/message_json.h"
#include "base/civil.h"

#include <stdio.h>
#include <stdlib.h>

enum { PAGE_DEFAULT = 50, PAGE_MAX = 200, LIST_BYTES = 2 << 20, PARAM_MAX = 256 };

/* ---- reading on the reader thread ---- */

struct read_job {
    struct store_job job;
    struct api *api;
    struct http_request *req;
    bool turkish;
    struct buf out;
    /* list */
    struct message_filter filter;
    char params[6][PARAM_MAX]; /* what the filter points into */
    size_t rows;
    int64_t last_id;
    char next[IDS_TEXT_SIZE]; /* "" when this is the last page */
    /* one */
    int64_t id;
};

static struct read_job *new_read(struct call *call)
{
    struct read_job *j = calloc(1, sizeof *j);

    if (j == NULL) {
        api_refuse(call->req, "out_of_memory", NULL, NULL);
        return NULL;
    }
    j->api = call->api;
    j->req = call->req;
    j->turkish = call->turkish;
    buf_init(&j->out, LIST_BYTES);
    return j;
}

static void free_read(struct read_job *j)
{
    struct api *api = j->api;

    buf_finish(&j->out);
    free(j);
    api_drop(api);
}

static void start_read(struct read_job *j,
                       int (*work)(struct store_job *job, struct store *s, struct err *e),
                       void (*done)(struct store_job *job, int status, const struct err *e))
{
    j->job.work = work;
    j->job.done = done;
    api_hold(j->api);
    store_thread_submit(api_reader(j->api), &j->job);
}

/* ---- the list ---- */

struct lister {
    struct read_job *job;
    struct json_writer w;
};

static int list_row(void *ctx, const struct due_row *row)
{
    struct lister *l = ctx;
    struct read_job *j = l->job;

    if (++j->rows == j->filter.limit) {
        ids_message_format(j->api->reader_names.ids, j->last_id, j->next);
        return 0; /* the one row more only tells that there is a next page */
    }
    j->last_id = row->message.id;
    jsonw_object(&l->w);
    message_json(&l->w, row, j->api->reader_names.ids, j->turkish);
    jsonw_end_object(&l->w);
    return 0;
}

static int list_work(struct store_job *job, struct store *s, struct err *e)
{
    struct read_job *j = (struct read_job *)job;
    struct lister l = {.job = j};
    int rc;

    jsonw_init(&l.w, &j->out);
    jsonw_object(&l.w);
    jsonw_key(&l.w, "items");
    jsonw_array(&l.w);
    rc = store_message_list(s, &j->filter, list_row, &l, e);
    jsonw_end_array(&l.w);
    jsonw_key(&l.w, "next_cursor");
    jsonw_cstr(&l.w, j->next[0] == '\0' ? NULL : j->next);
    jsonw_end_object(&l.w);
    return rc != 0 ? rc : buf_failed(&j->out);
}

/* RFC 8288: the same query with the cursor of the next page. */
static void next_link(const struct read_job *j, char *out, size_t cap)
{
    struct str rest = http_query(j->req);
    size_t used = (size_t)snprintf(out, cap, "</v1/messages?");

    while (rest.len > 0 && used < cap) {
        const char *end = memchr(rest.ptr, '&', rest.len);
        size_t len = end == NULL ? rest.len : (size_t)(end - rest.ptr);

        if (!str_starts((struct str){rest.ptr, len}, "cursor=")) {
            used += (size_t)snprintf(out + used, cap - used, "%.*s&", (int)len, rest.ptr);
        }
        len += end == NULL ? 0 : 1;
        rest.ptr += len;
        rest.len -= len;
    }
    if (used < cap) {
        snprintf(out + used, cap - used, "cursor=%s>; rel=\"next\"", j->next);
    }
}

static void list_done(struct store_job *job, int status, const struct err *e)
{
    struct read_job *j = (struct read_job *)job;
    char link[6000];
    struct http_answer a = {.status = 200, .content_type = "application/json", .stolen = &j->out};

    (void)e;
    if (status != 0) {
        api_refuse_for(j->req, status);
    } else {
        if (j->next[0] != '\0') {
            next_link(j, link, sizeof link);
            a.fields[0] = (struct http_field){"Link", link};
        }
        http_reply(j->req, &a);
    }
    free_read(j);
}

/* ---- the list's parameters ---- */

struct params {
    struct call *call;
    struct read_job *job;
    struct faults faults;
    size_t used;
};

static void bad_param(struct params *p, const char *name)
{
    char pointer[64];

    snprintf(pointer, sizeof pointer, "/%s", name);
    faults_add(&p->faults, pointer, "invalid_parameter", "Sorgu parametresi \"%s\" geçersiz.",
               "The query parameter \"%s\" is invalid.", name);
}

/* The decoded value, kept in the job; ptr is null when it was not given. */
static struct str param(struct params *p, const char *name)
{
    char *room = p->job->params[p->used++];
    struct buf b;
    int rc;

    buf_init(&b, PARAM_MAX - 1);
    rc = http_query_param(p->call->req, name, &b);
    rc = rc == 0 ? settings_hide_identity(p->call->api->g->settings, &b) : rc;
    if (rc == 0 && b.len > 0) {
        memcpy(room, b.data, b.len);
    } else if (rc != 0 && rc != ERR_NOT_FOUND) {
        bad_param(p, name);
    }
    room[rc == 0 ? b.len : 0] = '\0';
    buf_finish(&b);
    return rc == 0 ? str_of(room) : (struct str){NULL, 0};
}

static void read_state(struct params *p)
{
    struct str s = param(p, "status");
    enum message_state state = s.ptr == NULL ? MESSAGE_STATE_COUNT : message_state_parse(s);

    p->job->filter.state = s.ptr == NULL ? -1 : (int)state;
    if (s.ptr != NULL && state == MESSAGE_STATE_COUNT) {
        bad_param(p, "status");
    }
}

static void read_channel(struct params *p)
{
    struct str s = param(p, "channel");
    enum channel channel = s.ptr == NULL ? CHANNEL_COUNT : channel_parse(s);

    p->job->filter.channel = s.ptr == NULL ? -1 : (int)channel;
    if (s.ptr != NULL && channel == CHANNEL_COUNT) {
        bad_param(p, "channel");
    }
}

static void read_cursor(struct params *p)
{
    char text[PARAM_MAX];
    struct buf b;

    buf_init(&b, sizeof text - 1);
    if (http_query_param(p->call->req, "cursor", &b) != ERR_NOT_FOUND &&
        ids_message_parse(p->call->api->g->ids, (struct str){b.data, b.len},
                          &p->job->filter.before_id) != 0) {
        bad_param(p, "cursor");
    }
    buf_finish(&b);
}

static void read_number(struct params *p, const char *name, int64_t least, int64_t most,
                        int64_t *inout)
{
    struct buf b;
    int64_t n;
    int rc;

    buf_init(&b, 32);
    rc = http_query_param(p->call->req, name, &b);
    if (rc == 0 && str_i64((struct str){b.data, b.len}, &n) == 0 && n >= least && n <= most) {
        *inout = n;
    } else if (rc != ERR_NOT_FOUND) {
        bad_param(p, name);
    }
    buf_finish(&b);
}

static void read_since(struct params *p)
{
    struct buf b;
    int rc;

    buf_init(&b, 64);
    rc = http_query_param(p->call->req, "since", &b);
    if (rc != ERR_NOT_FOUND &&
        (rc != 0 || rfc3339_parse((struct str){b.data, b.len}, &p->job->filter.since_ms) != 0)) {
        bad_param(p, "since");
    }
    buf_finish(&b);
}

static struct str or_all(struct str s)
{
    return s.ptr == NULL ? STR("") : s;
}

/* A misspelt filter must not answer with everything. */
static void refuse_unknown(struct params *p)
{
    static const char *const known[] = {"status", "channel", "campaign", "certificate",
                                        "holder", "cursor",  "since",    "limit"};
    struct str rest = http_query(p->call->req);

    while (rest.len > 0) {
        const char *end = memchr(rest.ptr, '&', rest.len);
        struct str pair = {rest.ptr, end == NULL ? rest.len : (size_t)(end - rest.ptr)};
        const char *equals = memchr(pair.ptr, '=', pair.len);
        struct str name = {pair.ptr, equals == NULL ? pair.len : (size_t)(equals - pair.ptr)};
        const char *nearest = str_nearest(name, known, sizeof known / sizeof known[0]);
        bool found = nearest != NULL && str_eqs(name, nearest);

        if (!found && name.len > 0) {
            (void)faults_add(
                &p->faults, "", "unknown_parameter", "Bilinmeyen sorgu parametresi \"%.*s\"%s%s%s.",
                "Unknown query parameter \"%.*s\"%s%s%s.", (int)(name.len < 40 ? name.len : 40),
                name.ptr, nearest != NULL ? "; \"" : "", nearest != NULL ? nearest : "",
                nearest != NULL ? "\" ?" : "");
        }
        rest.ptr += pair.len + (end != NULL ? 1 : 0);
        rest.len -= pair.len + (end != NULL ? 1 : 0);
    }
}

static bool read_filter(struct params *p)
{
    struct message_filter *f = &p->job->filter;
    int64_t limit = PAGE_DEFAULT;

    faults_init(&p->faults);
    refuse_unknown(p);
    read_state(p);
    read_channel(p);
    f->campaign = or_all(param(p, "campaign"));
    f->certificate = or_all(param(p, "certificate"));
    f->holder = or_all(param(p, "holder"));
    read_cursor(p);
    read_since(p);
    read_number(p, "limit", 1, PAGE_MAX, &limit);
    f->limit = (size_t)limit + 1;
    if (p->faults.errors > 0) {
        api_refuse(p->call->req, "invalid_parameter", &p->faults, NULL);
    }
    bool good = p->faults.errors == 0;

    faults_finish(&p->faults);
    return good;
}

void handle_message_list(struct call *call)
{
    struct params p = {.call = call, .job = new_read(call)};

    if (p.job == NULL) {
        return;
    }
    if (read_filter(&p)) {
        start_read(p.job, list_work, list_done);
    } else {
        buf_finish(&p.job->out);
        free(p.job);
    }
}

/* ---- one message ---- */

struct one {
    struct read_job *job;
    struct store *store;
    struct json_writer w;
    struct due_row row;
    struct err *e;
};

static int write_one(struct one *o)
{
    struct timeline t;
    struct timeline_sink sink;
    int rc;

    timeline_init(&t);
    sink = timeline_sink(&t);
    message_json(&o->w, &o->row, o->job->api->reader_names.ids, o->job->turkish);
    rc = store_timeline(o->store, o->job->id, &sink, o->e);
    jsonw_key(&o->w, "timeline");
    rc = rc != 0 ? rc : timeline_write(&t, &o->w);
    timeline_finish(&t);
    return rc;
}

static int with_case(void *ctx, const struct case_row *row)
{
    struct one *o = ctx;

    o->row.subject = *row;
    return write_one(o);
}

static int with_message(void *ctx, const struct message_row *row)
{
    struct one *o = ctx;
    int rc;

    o->row.message = *row;
    if (row->case_id == 0) {
        return write_one(o);
    }
    rc = store_case_by_id(o->store, row->case_id, with_case, o, o->e);
    return rc == ERR_NOT_FOUND ? write_one(o) : rc;
}

static int get_work(struct store_job *job, struct store *s, struct err *e)
{
    struct read_job *j = (struct read_job *)job;
    struct one o = {.job = j, .store = s, .e = e};
    int rc;

    jsonw_init(&o.w, &j->out);
    jsonw_object(&o.w);
    rc = store_message_get(s, j->id, with_message, &o, e);
    jsonw_end_object(&o.w);
    return rc != 0 ? rc : buf_failed(&j->out);
}

static void get_done(struct store_job *job, int status, const struct err *e)
{
    struct read_job *j = (struct read_job *)job;

    (void)e;
    if (status != 0) {
        api_refuse_for(j->req, status);
    } else {
        api_answer(j->req, 200, &j->out);
    }
    free_read(j);
}

bool api_message_of(struct call *call, int64_t *ret_id)
{
    if (ids_message_parse(call->api->g->ids, call->captures[0], ret_id) == 0) {
        return true;
    }
    api_refuse(call->req, "not_found", NULL,
               call->turkish ? "Bu numarada bir ileti yok." : "There is no message of this id.");
    return false;
}

void handle_message_get(struct call *call)
{
    struct read_job *j;
    int64_t id;

    if (!api_message_of(call, &id)) {
        return;
    }
    j = new_read(call);
    if (j != NULL) {
        j->id = id;
        start_read(j, get_work, get_done);
    }
}
