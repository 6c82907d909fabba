#include "store/store_ops.h"

/* ---- checks shared by every back end ---- */

int store_check_write(const struct store *s, struct err *e)
{
    if (s->read_only) {
        return err_set(e, ERR_DENIED, "the store is open for reading only");
    }
    if (!s->in_transaction) {
        return err_set(e, ERR_WRONG_STATE, "a write outside of a transaction");
    }
    return 0;
}

static int check_len(struct str s, size_t max, const char *what, struct err *e)
{
    if (s.len > max) {
        return err_set(e, ERR_LIMIT, "%s has %zu bytes, at most %zu are kept", what, s.len, max);
    }
    return 0;
}

struct bound {
    struct str text;
    size_t max;
    const char *what;
};

static int check_all(const struct store *s, const struct bound *list, size_t count, struct err *e)
{
    int rc = store_check_write(s, e);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = check_len(list[i].text, list[i].max, list[i].what, e);
    }
    return rc;
}

#define CHECK_ALL(s, list, e) check_all((s), (list), sizeof(list) / sizeof((list)[0]), (e))

int store_move_check(const struct message_move *move, enum message_state state, int64_t due_ms,
                     struct err *e)
{
    if (state != move->from) {
        return err_set(e, ERR_WRONG_STATE, "message %lld is %s, not %s", (long long)move->id,
                       message_state_name(state), message_state_name(move->from));
    }
    if (move->from != move->to && !message_may_move(move->from, move->to)) {
        return err_set(e, ERR_WRONG_STATE, "message %lld may not go from %s to %s",
                       (long long)move->id, message_state_name(move->from),
                       message_state_name(move->to));
    }
    if ((move->set & IF_DUE) != 0 && due_ms > move->now_ms) {
        return err_set(e, ERR_WRONG_STATE, "message %lld is not due any more", (long long)move->id);
    }
    return 0;
}

bool store_filter_passes(const struct message_filter *filter, const struct message_row *row)
{
    return (filter->state < 0 || row->state == (enum message_state)filter->state) &&
           (filter->channel < 0 || row->channel == (enum channel)filter->channel) &&
           (filter->campaign.len == 0 || str_eq(filter->campaign, row->campaign)) &&
           row->created_ms >= filter->since_ms &&
           (filter->before_id <= 0 || row->id < filter->before_id);
}

/* ---- life and transactions ---- */

void store_close(struct store *s)
{
    if (s != NULL) {
        store_rollback(s);
        s->ops->close(s);
    }
}

int store_check(struct store *s, struct err *e)
{
    return s->ops->check(s, e);
}

int store_file_check(struct store *s, struct err *e)
{
    return s->ops->file_check(s, e);
}

int store_begin(struct store *s, struct err *e)
{
    int rc;

    if (s->read_only) {
        return err_set(e, ERR_DENIED, "the store is open for reading only");
    }
    if (s->in_transaction) {
        return err_set(e, ERR_WRONG_STATE, "a transaction is open already");
    }
    rc = s->ops->begin(s, e);
    s->in_transaction = rc == 0;
    s->depth = 0;
    return rc;
}

int store_commit(struct store *s, struct err *e)
{
    int rc;

    if (!s->in_transaction) {
        return err_set(e, ERR_WRONG_STATE, "no transaction is open");
    }
    s->in_transaction = false;
    rc = s->ops->commit(s, e);
    s->depth = 0;
    if (rc == 0) {
        store_scrub_after_commit(s);
    }
    return rc;
}

void store_rollback(struct store *s)
{
    if (s->in_transaction) {
        s->in_transaction = false;
        s->ops->rollback(s);
        s->depth = 0;
    }
}

int store_savepoint(struct store *s, struct err *e)
{
    int rc = store_check_write(s, e);

    if (rc == 0 && s->depth == STORE_DEPTH_MAX) {
        rc = err_set(e, ERR_LIMIT, "more than %d savepoints inside one another", STORE_DEPTH_MAX);
    }
    if (rc == 0) {
        s->depth++;
        rc = s->ops->savepoint(s, e);
        s->depth -= rc == 0 ? 0 : 1;
    }
    return rc;
}

int store_release(struct store *s, struct err *e)
{
    int rc;

    if (s->depth == 0) {
        return err_set(e, ERR_WRONG_STATE, "no savepoint is open");
    }
    rc = s->ops->release(s, e);
    s->depth--;
    return rc;
}

void store_undo(struct store *s)
{
    if (s->depth > 0) {
        s->ops->undo(s);
        s->depth--;
    }
}

/* ---- events ---- */

int store_event_append(struct store *s, const struct event_row *row, int64_t *ret_seq,
                       unsigned char ret_digest[SHA256_SIZE], struct err *e)
{
    const struct bound bounds[] = {{row->source, STORE_REF_MAX, "the event source"},
                                   {row->id, STORE_REF_MAX, "the event id"},
                                   {row->body, STORE_BODY_MAX, "the event body"}};
    int rc = CHECK_ALL(s, bounds, e);

    return rc != 0 ? rc : s->ops->event_append(s, row, ret_seq, ret_digest, e);
}

int store_event_scan(struct store *s, int64_t after, size_t limit,
                     int (*fn)(void *ctx, const struct event_row *row), void *ctx, struct err *e)
{
    return s->ops->event_scan(s, after, limit, fn, ctx, e);
}

int64_t store_event_last(struct store *s)
{
    return s->ops->event_last(s);
}

int64_t store_applied(struct store *s)
{
    return s->ops->applied(s);
}

int store_set_applied(struct store *s, int64_t seq, struct err *e)
{
    int rc = store_check_write(s, e);

    return rc != 0 ? rc : s->ops->set_applied(s, seq, e);
}

/* ---- cases ---- */

int store_case_put(struct store *s, const struct case_row *row, int64_t *ret_id, struct err *e)
{
    const struct bound bounds[] = {{row->certificate, STORE_REF_MAX, "the certificate reference"},
                                   {row->holder, STORE_REF_MAX, "the holder reference"},
                                   {row->facts, STORE_BODY_MAX, "the facts of a case"}};
    int rc = CHECK_ALL(s, bounds, e);

    return rc != 0 ? rc : s->ops->case_put(s, row, ret_id, e);
}

int store_case_by_certificate(struct store *s, struct str certificate, store_case_fn *fn, void *ctx,
                              struct err *e)
{
    return s->ops->case_by_certificate(s, certificate, fn, ctx, e);
}

int store_case_by_id(struct store *s, int64_t id, store_case_fn *fn, void *ctx, struct err *e)
{
    return s->ops->case_by_id(s, id, fn, ctx, e);
}

int store_case_by_holder(struct store *s, struct str holder, store_case_fn *fn, void *ctx,
                         struct err *e)
{
    return holder.len == 0 ? 0 : s->ops->case_by_holder(s, holder, fn, ctx, e);
}

/* ---- messages ---- */

int store_message_add(struct store *s, const struct message_row *row, int64_t *ret_id,
                      struct err *e)
{
    const struct bound bounds[] = {{row->campaign, STORE_NAME_MAX, "the campaign name"},
                                   {row->template, STORE_NAME_MAX, "the template name"},
                                   {row->provider, STORE_NAME_MAX, "the provider name"},
                                   {row->provider_ref, STORE_TEXT_MAX, "the provider reference"},
                                   {row->reason, STORE_TEXT_MAX, "the reason"},
                                   {row->facts, STORE_BODY_MAX, "the facts of a message"}};
    int rc = CHECK_ALL(s, bounds, e);

    if (rc == 0 && (row->channel >= CHANNEL_COUNT || row->state >= MESSAGE_STATE_COUNT)) {
        rc = err_set(e, ERR_INVALID, "a message with channel %d and state %d", (int)row->channel,
                     (int)row->state);
    }
    return rc != 0 ? rc : s->ops->message_add(s, row, ret_id, e);
}

int store_message_get(struct store *s, int64_t id, store_message_fn *fn, void *ctx, struct err *e)
{
    return s->ops->message_get(s, id, fn, ctx, e);
}

int store_message_by_case(struct store *s, int64_t case_id, store_message_fn *fn, void *ctx,
                          struct err *e)
{
    return case_id <= 0 ? 0 : s->ops->message_by_case(s, case_id, fn, ctx, e);
}

static int check_attempt(struct store *s, const struct attempt_row *row, struct err *e)
{
    const struct bound bounds[] = {{row->provider, STORE_NAME_MAX, "the provider name"},
                                   {row->code, STORE_TEXT_MAX, "the outcome code"},
                                   {row->detail, STORE_TEXT_MAX, "the outcome detail"},
                                   {row->provider_ref, STORE_TEXT_MAX, "the provider reference"},
                                   {row->content, STORE_BODY_MAX, "the content of an attempt"}};

    return CHECK_ALL(s, bounds, e);
}

static int check_own_attempt(struct store *s, const struct message_move *move,
                             const struct attempt_row *row, struct err *e)
{
    return row->message_id == move->id
               ? check_attempt(s, row, e)
               : err_set(e, ERR_INVALID, "an attempt of message %lld with a move of %lld",
                         (long long)row->message_id, (long long)move->id);
}

int store_message_move(struct store *s, const struct message_move *move, struct err *e)
{
    const struct bound bounds[] = {{move->provider, STORE_NAME_MAX, "the provider name"},
                                   {move->provider_ref, STORE_TEXT_MAX, "the provider reference"},
                                   {move->reason, STORE_TEXT_MAX, "the reason"},
                                   {move->actor, STORE_TEXT_MAX, "the actor"}};
    int rc = CHECK_ALL(s, bounds, e);

    if (rc == 0 && move->opens != NULL) {
        rc = check_own_attempt(s, move, move->opens, e);
    }
    if (rc == 0 && move->closes != NULL) {
        rc = check_own_attempt(s, move, move->closes, e);
    }
    return rc != 0 ? rc : s->ops->message_move(s, move, e);
}

enum { STOP_MAX = 1024 }; /* far above what planning makes for one certificate */

struct stop {
    enum message_state to;
    struct {
        int64_t id;
        enum message_state state;
    } list[STOP_MAX];
    size_t count;
    struct err *e;
};

static int collect_stop(void *ctx, const struct message_row *row)
{
    struct stop *stop = ctx;

    if (row->state == stop->to || (row->state != MESSAGE_PLANNED && row->state != MESSAGE_QUEUED &&
                                   row->state != MESSAGE_HELD)) {
        return 0;
    }
    if (!message_may_move(row->state, stop->to)) {
        return err_set(stop->e, ERR_WRONG_STATE, "message %lld may not go from %s to %s",
                       (long long)row->id, message_state_name(row->state),
                       message_state_name(stop->to));
    }
    if (stop->count == STOP_MAX) {
        return err_set(stop->e, ERR_LIMIT, "more than %d open messages in one case", STOP_MAX);
    }
    stop->list[stop->count].id = row->id;
    stop->list[stop->count++].state = row->state;
    return 0;
}

int store_message_stop_case(struct store *s, int64_t case_id, enum message_state to,
                            struct str reason, struct str actor, int64_t now_ms, size_t *ret_count,
                            struct err *e)
{
    struct stop stop = {.to = to, .count = 0, .e = e};
    int rc = store_check_write(s, e);

    if (rc == 0) {
        rc = store_message_by_case(s, case_id, collect_stop, &stop, e);
    }
    for (size_t i = 0; rc == 0 && i < stop.count; i++) {
        const struct message_move move = {.id = stop.list[i].id,
                                          .from = stop.list[i].state,
                                          .to = to,
                                          .set = SET_REASON | SET_TRACE,
                                          .now_ms = now_ms,
                                          .reason = reason,
                                          .actor = actor};

        rc = store_message_move(s, &move, e);
    }
    if (ret_count != NULL) {
        *ret_count = rc == 0 ? stop.count : 0;
    }
    return rc;
}

int store_due(struct store *s, enum channel channel, int64_t now_ms, size_t limit, store_due_fn *fn,
              void *ctx, struct err *e)
{
    return s->ops->due(s, channel, now_ms, limit, fn, ctx, e);
}

int store_next_due(struct store *s, enum channel channel, int64_t *ret_ms, struct err *e)
{
    return s->ops->next_due(s, channel, ret_ms, e);
}

int store_leased(struct store *s, enum message_state state, int64_t until_ms, size_t limit,
                 store_due_fn *fn, void *ctx, struct err *e)
{
    return s->ops->leased(s, state, until_ms, limit, fn, ctx, e);
}

/* ---- timeline ---- */

int store_attempt_close(struct store *s, const struct attempt_row *row, struct err *e)
{
    int rc = check_attempt(s, row, e);

    return rc != 0 ? rc : s->ops->attempt_close(s, row, e);
}

int store_report_add(struct store *s, const struct report_row *row, struct err *e)
{
    const struct bound bounds[] = {{row->code, STORE_TEXT_MAX, "the report code"},
                                   {row->detail, STORE_TEXT_MAX, "the report detail"}};
    int rc = CHECK_ALL(s, bounds, e);

    return rc != 0 ? rc : s->ops->report_add(s, row, e);
}

int store_message_by_provider_ref(struct store *s, struct str provider, struct str provider_ref,
                                  int64_t *ret_ids, size_t max, size_t *ret_count, struct err *e)
{
    *ret_count = 0;
    if (provider_ref.len == 0) {
        return 0;
    }
    return s->ops->message_by_provider_ref(s, provider, provider_ref, ret_ids, max, ret_count, e);
}

int store_timeline(struct store *s, int64_t message_id, const struct timeline_sink *sink,
                   struct err *e)
{
    return s->ops->timeline(s, message_id, sink, e);
}

/* ---- lists ---- */

int store_message_list(struct store *s, const struct message_filter *filter, store_due_fn *fn,
                       void *ctx, struct err *e)
{
    if (filter->limit == 0 || filter->limit > STORE_LIST_MAX) {
        return err_set(e, ERR_LIMIT, "a page has 1 to %d rows, not %zu", STORE_LIST_MAX,
                       filter->limit);
    }
    return s->ops->message_list(s, filter, fn, ctx, e);
}

int store_message_counts(struct store *s, int64_t ret_counts[CHANNEL_COUNT][MESSAGE_STATE_COUNT],
                         struct err *e)
{
    return s->ops->message_counts(s, ret_counts, e);
}

/* ---- keys, inbox, meta ---- */

int store_key_add(struct store *s, const struct key_row *row, int64_t *ret_id, struct err *e)
{
    const struct bound bounds[] = {{row->name, STORE_REF_MAX, "the key name"},
                                   {row->scopes, STORE_TEXT_MAX, "the scopes of a key"}};
    int rc = CHECK_ALL(s, bounds, e);

    return rc != 0 ? rc : s->ops->key_add(s, row, ret_id, e);
}

int store_key_revoke(struct store *s, struct str name, int64_t now_ms, struct err *e)
{
    int rc = store_check_write(s, e);

    return rc != 0 ? rc : s->ops->key_revoke(s, name, now_ms, e);
}

int store_key_list(struct store *s, int (*fn)(void *ctx, const struct key_row *row), void *ctx,
                   struct err *e)
{
    return s->ops->key_list(s, fn, ctx, e);
}

int store_inbox_add(struct store *s, const struct inbox_row *row, struct err *e)
{
    const struct bound bounds[] = {{row->provider, STORE_NAME_MAX, "the provider name"},
                                   {row->ref, STORE_REF_MAX, "the attempt reference"},
                                   {row->to, STORE_TEXT_MAX, "the recipient"},
                                   {row->content, STORE_MAIL_MAX, "the content"}};
    int rc = CHECK_ALL(s, bounds, e);

    return rc != 0 ? rc : s->ops->inbox_add(s, row, e);
}

int store_inbox_list(struct store *s, int64_t after, size_t limit,
                     int (*fn)(void *ctx, const struct inbox_row *row), void *ctx, struct err *e)
{
    return s->ops->inbox_list(s, after, limit, fn, ctx, e);
}

int store_meta_get(struct store *s, const char *name, void *ret_value, size_t *inout_size,
                   struct err *e)
{
    return s->ops->meta_get(s, name, ret_value, inout_size, e);
}

int store_meta_put(struct store *s, const char *name, const void *value, size_t size, struct err *e)
{
    int rc = store_check_write(s, e);

    if (rc == 0 && size > STORE_META_MAX) {
        rc = err_set(e, ERR_LIMIT, "the setting %s has %zu bytes, at most %d are kept", name, size,
                     STORE_META_MAX);
    }
    return rc != 0 ? rc : s->ops->meta_put(s, name, value, size, e);
}
