#include "flow/release.h"

#include "base/civil.h"
#include "base/json.h"

#include <stdio.h>

enum { KEY_SIZE = STORE_NAME_MAX + 16, MOMENTS = 1000 };

static const char *const modes[] = {"none", "each", "standing"};

static struct str key_of(const struct release *r, char key[KEY_SIZE])
{
    (void)snprintf(key, KEY_SIZE, "%s/%013lld", r->campaign, (long long)r->at_ms);
    return str_of(key);
}

void release_write(struct json_writer *w, const struct release *r)
{
    jsonw_object(w);
    jsonw_put(w, "campaign", r->campaign);
    jsonw_put(w, "release", modes[r->mode]);
    jsonw_put(w, "by", r->by);
    jsonw_put(w, "actor", r->actor);
    jsonw_put(w, "reference", r->reference[0] == '\0' ? NULL : r->reference);
    jsonw_put(w, "note", r->note[0] == '\0' ? NULL : r->note);
    jsonw_put_time(w, "at", r->at_ms);
    jsonw_put_time(w, "from", r->from_ms);
    jsonw_put_time(w, "until", r->until_ms);
    jsonw_end_object(w);
}

/* ---- the version ---- */

static const char version_name[] = "controls_version";

int controls_version(struct store *s, int64_t *ret, struct err *e)
{
    size_t size = sizeof *ret;
    int rc;

    *ret = 0;
    rc = store_meta_get(s, version_name, ret, &size, e);
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

int controls_touch(struct store *s, struct err *e)
{
    int64_t version;
    int rc = controls_version(s, &version, e);

    version++;
    return rc == 0 ? store_meta_put(s, version_name, &version, sizeof version, e) : rc;
}

/* ---- writing ---- */

/* The key with the moment, moved on while it is taken. */
static int free_key(struct store *s, struct release *r, char key[KEY_SIZE], struct err *e)
{
    int rc = 0;

    for (int i = 0; i < MOMENTS; i++) {
        rc = store_record_get(s, RECORD_RELEASE, key_of(r, key), NULL, NULL, e);
        if (rc != 0) {
            return rc == ERR_NOT_FOUND ? 0 : rc;
        }
        r->at_ms++;
    }
    return err_set(e, ERR_BUSY, "too many releases at one moment");
}

int release_put(struct store *s, struct release *r, struct err *e)
{
    struct json_writer w;
    struct buf body;
    char key[KEY_SIZE];
    int rc = free_key(s, r, key, e);

    if (rc != 0) {
        return rc;
    }
    buf_init(&body, STORE_RECORD_BODY_MAX);
    jsonw_init(&w, &body);
    release_write(&w, r);
    rc = store_record_put_buf(s, RECORD_RELEASE, str_of(key), &body, "the release", e);
    rc = rc == 0 ? controls_touch(s, e) : rc;
    buf_finish(&body);
    return rc;
}

bool release_covers(const struct release *r, int64_t created_ms, int64_t now_ms)
{
    if (now_ms < r->from_ms || now_ms > r->until_ms) {
        return false;
    }
    return r->mode == CONF_RELEASE_STANDING || created_ms <= r->at_ms;
}

/* ---- reading ---- */

static int64_t time_of(const struct json *object, const char *name)
{
    int64_t ms = 0;

    return rfc3339_parse(json_str(json_get(object, name)), &ms) == 0 ? ms : 0;
}

static int read_release(struct str body, struct release *ret, struct err *e)
{
    struct json_doc *doc;
    const struct json *root;

    if (json_parse(body, 0, &json_default_limits, &doc, NULL, NULL) != 0) {
        return err_set(e, ERR_CORRUPT, "a release cannot be read");
    }
    root = json_root(doc);
    *ret = (struct release){.at_ms = time_of(root, "at"),
                            .from_ms = time_of(root, "from"),
                            .until_ms = time_of(root, "until")};
    ret->mode = str_eqs(json_str(json_get(root, "release")), "standing") ? CONF_RELEASE_STANDING
                                                                         : CONF_RELEASE_EACH;
    (void)str_copy(ret->campaign, sizeof ret->campaign, json_str(json_get(root, "campaign")));
    (void)str_copy(ret->by, sizeof ret->by, json_str(json_get(root, "by")));
    (void)str_copy(ret->actor, sizeof ret->actor, json_str(json_get(root, "actor")));
    (void)str_copy(ret->reference, sizeof ret->reference, json_str(json_get(root, "reference")));
    (void)str_copy(ret->note, sizeof ret->note, json_str(json_get(root, "note")));
    json_free(doc);
    return 0;
}

struct list_walk {
    release_fn *fn;
    void *ctx;
    struct err *err;
    size_t rows;
    char last[KEY_SIZE];
};

static int list_one(void *ctx, const struct record_row *row)
{
    struct list_walk *w = ctx;
    struct release r;
    int rc = read_release(row->body, &r, w->err);

    w->rows++;
    (void)str_copy(w->last, sizeof w->last, row->key);

    return rc == 0 ? w->fn(w->ctx, &r) : rc;
}

/* Page by page; a limit ends it within the first. */
static int walk_pages(struct store *s, struct record_range *range, bool all, struct list_walk *walk)
{
    int rc;

    do {
        walk->rows = 0;
        range->after = str_of(walk->last);
        rc = store_record_list(s, range, list_one, walk, walk->err);
    } while (rc == 0 && all && walk->rows == range->limit);
    return rc;
}

int release_list(struct store *s, struct str campaign, size_t limit, release_fn *fn, void *ctx,
                 struct err *e)
{
    char prefix[KEY_SIZE];
    struct list_walk walk = {.fn = fn, .ctx = ctx, .err = e};
    struct record_range range = {
        .kind = RECORD_RELEASE, .backwards = true, .limit = limit == 0 ? STORE_LIST_MAX : limit};

    if (campaign.len > STORE_NAME_MAX) {
        return 0;
    }
    if (campaign.len > 0) {
        (void)snprintf(prefix, sizeof prefix, "%.*s/", (int)campaign.len, campaign.ptr);
        range.prefix = str_of(prefix);
    }
    return walk_pages(s, &range, limit == 0, &walk);
}
