/* The store port: removing and blanking, on every back end. */
#include "store/store_purge.h"

#include "store/store_record.h"
#include "store_scene.h"

struct told {
    char text[512];
    struct store *s; /* not null: every message shown is removed */
};

static int see_message(void *ctx, const struct message_row *row)
{
    struct told *told = ctx;
    const size_t n = strlen(told->text);
    struct err e;

    (void)snprintf(told->text + n, sizeof told->text - n, "%lld:%.*s ", (long long)row->id,
                   (int)row->facts.len, row->facts.ptr);
    return told->s == NULL ? 0 : store_message_remove(told->s, row->id, &e);
}

static int see_content(void *ctx, int64_t place, const struct message_row *row)
{
    struct told *told = ctx;
    const size_t n = strlen(told->text);

    assert_true(place > 0);
    (void)snprintf(told->text + n, sizeof told->text - n, "%lld ", (long long)row->id);
    return 0;
}

static void attempt(struct scene *t, int64_t message_id, int number, int64_t claimed_ms)
{
    const struct attempt_row row = {.message_id = message_id,
                                    .number = number,
                                    .provider = STR("posta"),
                                    .claimed_ms = claimed_ms,
                                    .outcome = -1,
                                    .content = STR("Sayın Işıl ÇİĞDEM")};

    open_attempt(t, &row);
}

static void move(struct scene *t, int64_t id, enum message_state from, enum message_state to)
{
    const struct message_move m = {
        .id = id, .from = from, .to = to, .set = SET_TRACE, .now_ms = 50, .actor = STR("test")};

    assert_int_equal(store_message_move(t->s, &m, &t->e), 0);
}

static int64_t own_message(struct scene *t, const char *facts)
{
    struct message_row row = message(0, 1, 100);

    row.facts = str_of(facts);
    return add_message(t, &row);
}

static int64_t case_message(struct scene *t, int64_t case_id, int step)
{
    struct message_row row = message(case_id, step, 100);

    row.facts = STR("");
    return add_message(t, &row);
}

static int see_event(void *ctx, const struct event_row *row)
{
    struct told *told = ctx;

    (void)snprintf(told->text, sizeof told->text, "%.*s|%.*s|%d", (int)row->id.len, row->id.ptr,
                   (int)row->body.len, row->body.ptr, row->type);
    return 0;
}

static void an_event_is_blanked_and_still_known(void **state)
{
    struct scene *t = *state;
    struct event_row row = {
        .type = 3, .source = STR("urn:t"), .id = STR("e1"), .body = STR("{\"name\":\"Ayşe\"}")};
    struct told told = {.text = ""};
    unsigned char digest[SHA256_SIZE];
    int64_t seq;

    memset(row.digest, 5, sizeof row.digest);
    begin(t);
    assert_int_equal(store_event_append(t->s, &row, &seq, digest, &t->e), 0);
    assert_int_equal(store_event_blank(t->s, seq, &t->e), 0);
    assert_int_equal(store_event_blank(t->s, seq + 1, &t->e), ERR_NOT_FOUND);
    commit(t);
    reopen(t);
    assert_int_equal(store_event_scan(t->s, 0, 10, see_event, &told, &t->e), 0);
    assert_string_equal(told.text, "e1||3");
    begin(t);
    assert_int_equal(store_event_append(t->s, &row, &seq, digest, &t->e), ERR_EXISTS);
    assert_int_equal(seq, 1);
    assert_int_equal(digest[0], 5);
    commit(t);
    assert_int_equal(store_event_blank(t->s, 1, &t->e), ERR_WRONG_STATE);
}

static int see_case(void *ctx, const struct case_row *row)
{
    *(int64_t *)ctx = row->id;
    return 0;
}

static void counts_are(struct scene *t, int64_t planned, int64_t delivered)
{
    int64_t counts[CHANNEL_COUNT][MESSAGE_STATE_COUNT];

    assert_int_equal(store_message_counts(t->s, counts, &t->e), 0);
    assert_int_equal(counts[CHANNEL_SMS][MESSAGE_PLANNED], planned);
    assert_int_equal(counts[CHANNEL_SMS][MESSAGE_DELIVERED], delivered);
}

static void a_case_goes_with_all_that_is_its_own(void **state)
{
    struct scene *t = *state;
    const struct timeline_sink sink = {0};
    struct told told = {.text = ""};
    int64_t id;
    int64_t other;
    int64_t first;
    int64_t found = 0;

    begin(t);
    id = put_case(t, 0, "c-1", "h-1");
    other = put_case(t, 0, "c-2", "h-1");
    first = case_message(t, id, 30);
    attempt(t, first, 1, 40);
    (void)case_message(t, id, 15);
    (void)case_message(t, other, 30);
    counts_are(t, 3, 0);
    assert_int_equal(store_case_remove(t->s, id, &t->e), 0);
    assert_int_equal(store_case_remove(t->s, id, &t->e), ERR_NOT_FOUND);
    counts_are(t, 1, 0);
    commit(t);
    reopen(t);
    counts_are(t, 1, 0);
    assert_int_equal(store_case_by_id(t->s, id, see_case, &found, &t->e), ERR_NOT_FOUND);
    assert_int_equal(store_case_by_certificate(t->s, STR("c-1"), see_case, &found, &t->e),
                     ERR_NOT_FOUND);
    assert_int_equal(store_case_by_certificate(t->s, STR(""), see_case, &found, &t->e),
                     ERR_NOT_FOUND);
    assert_int_equal(store_case_by_holder(t->s, STR("h-1"), see_case, &found, &t->e), 0);
    assert_int_equal(found, other);
    found = 0;
    assert_int_equal(store_case_scan(t->s, 0, 1, see_case, &found, &t->e), 0);
    assert_int_equal(found, other);
    assert_int_equal(store_timeline(t->s, first, &sink, &t->e), ERR_NOT_FOUND);
    assert_int_equal(store_message_scan(t->s, 0, false, 10, see_message, &told, &t->e), 0);
    assert_string_equal(told.text, "3: ");
}

static void numbers_do_not_come_again(void **state)
{
    struct scene *t = *state;
    int64_t id;

    begin(t);
    id = put_case(t, 0, "c-1", "h-1");
    assert_int_equal(case_message(t, id, 30), 1);
    assert_int_equal(own_message(t, "{}"), 2);
    attempt(t, 2, 1, 40);
    assert_int_equal(store_message_remove(t->s, 2, &t->e), 0);
    assert_int_equal(store_case_remove(t->s, id, &t->e), 0);
    commit(t);
    reopen(t);
    begin(t);
    assert_int_equal(put_case(t, 0, "c-1", "h-1"), 2);
    assert_int_equal(own_message(t, "{}"), 3);
    assert_int_equal(store_message_remove(t->s, 3, &t->e), 0);
    store_rollback(t->s);
    begin(t);
    assert_int_equal(own_message(t, "{}"), 3);
    attempt(t, 3, 1, 40);
    commit(t);
}

static void what_is_on_its_way_stays(void **state)
{
    static const enum message_state ways[] = {MESSAGE_SENDING, MESSAGE_UNKNOWN};
    struct scene *t = *state;
    int64_t found;

    for (size_t i = 0; i < 2; i++) {
        int64_t id;
        int64_t m;

        begin(t);
        id = put_case(t, 0, i == 0 ? "c-1" : "c-2", "h-1");
        (void)case_message(t, id, 30);
        m = case_message(t, id, 15);
        move(t, m, MESSAGE_PLANNED, MESSAGE_SENDING);
        if (ways[i] == MESSAGE_UNKNOWN) {
            move(t, m, MESSAGE_SENDING, MESSAGE_UNKNOWN);
        }
        assert_int_equal(store_case_remove(t->s, id, &t->e), ERR_WRONG_STATE);
        assert_int_equal(store_message_remove(t->s, m, &t->e), ERR_WRONG_STATE);
        commit(t);
        assert_int_equal(store_case_by_id(t->s, id, see_case, &found, &t->e), 0);
    }
    counts_are(t, 2, 0);
}

static void no_words(void *ctx, const struct attempt_row *row)
{
    (*(int *)ctx)++;
    assert_int_equal(row->content.len, 0);
    assert_int_equal(row->claimed_ms, row->number == 1 ? 40 : 60);
}

static void words_go_and_the_record_stays(void **state)
{
    struct scene *t = *state;
    int seen = 0;
    const struct timeline_sink sink = {.ctx = &seen, .attempt = no_words};
    struct told told = {.text = ""};
    int64_t own;
    int64_t other;

    begin(t);
    own = own_message(t, "{\"rows\":[]}");
    other = case_message(t, put_case(t, 0, "c-1", "h-1"), 30);
    attempt(t, own, 1, 40);
    attempt(t, other, 1, 50);
    attempt(t, own, 2, 60);
    assert_int_equal(store_content_scan(t->s, 0, 60, 10, see_content, &told, &t->e), 0);
    assert_string_equal(told.text, "1 2 ");
    told.text[0] = '\0';
    assert_int_equal(store_content_scan(t->s, 0, 61, 10, see_content, &told, &t->e), 0);
    assert_string_equal(told.text, "1 2 1 ");
    assert_int_equal(store_message_blank(t->s, own, STR("{}"), &t->e), 0);
    assert_int_equal(store_message_blank(t->s, 9, STR("{}"), &t->e), ERR_NOT_FOUND);
    commit(t);
    assert_int_equal(store_timeline(t->s, own, &sink, &t->e), 0);
    assert_int_equal(seen, 2);
    told.text[0] = '\0';
    assert_int_equal(store_content_scan(t->s, 0, 61, 10, see_content, &told, &t->e), 0);
    assert_string_equal(told.text, "2 ");
    told.text[0] = '\0';
    assert_int_equal(store_message_scan(t->s, 0, true, 10, see_message, &told, &t->e), 0);
    assert_string_equal(told.text, "1:{} ");
    begin(t);
    assert_int_equal(store_message_blank(t->s, other, STR("{}"), &t->e), 0);
    commit(t);
    told.text[0] = '\0';
    assert_int_equal(store_message_scan(t->s, 1, false, 10, see_message, &told, &t->e), 0);
    assert_string_equal(told.text, "2: ");
}

static void a_walk_may_remove_what_it_is_shown(void **state)
{
    struct scene *t = *state;
    struct told told = {.text = "", .s = t->s};

    begin(t);
    (void)own_message(t, "a");
    (void)own_message(t, "b");
    (void)own_message(t, "c");
    assert_int_equal(store_message_scan(t->s, 0, true, 2, see_message, &told, &t->e), 0);
    commit(t);
    assert_string_equal(told.text, "1:a 2:b ");
    told = (struct told){.text = ""};
    assert_int_equal(store_message_scan(t->s, 0, false, 10, see_message, &told, &t->e), 0);
    assert_string_equal(told.text, "3:c ");
    counts_are(t, 1, 0);
    assert_int_equal(store_message_scan(t->s, 0, false, 0, see_message, &told, &t->e), ERR_INVALID);
    assert_int_equal(store_content_scan(t->s, 0, 9, STORE_LIST_MAX + 1, see_content, &told, &t->e),
                     ERR_INVALID);
}

static int see_inbox(void *ctx, const struct inbox_row *row)
{
    struct told *told = ctx;
    const size_t n = strlen(told->text);

    (void)snprintf(told->text + n, sizeof told->text - n, "%lld ", (long long)row->id);
    return 0;
}

static void a_row_of_the_inbox_goes(void **state)
{
    struct scene *t = *state;
    const struct inbox_row row = {.provider = STR("s"), .to = STR("x"), .content = STR("y")};
    struct told told = {.text = ""};

    begin(t);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(store_inbox_add(t->s, &row, &t->e), 0);
    }
    assert_int_equal(store_inbox_remove(t->s, 2, &t->e), 0);
    assert_int_equal(store_inbox_remove(t->s, 2, &t->e), ERR_NOT_FOUND);
    assert_int_equal(store_inbox_add(t->s, &row, &t->e), 0);
    commit(t);
    assert_int_equal(store_inbox_list(t->s, 0, 10, see_inbox, &told, &t->e), 0);
    assert_string_equal(told.text, "1 3 4 ");
    told.text[0] = '\0';
    assert_int_equal(store_inbox_list(t->s, 1, 1, see_inbox, &told, &t->e), 0);
    assert_string_equal(told.text, "3 ");
}

static bool file_holds(const struct scene *t, const char *suffix, const char *words)
{
    char path[128];
    char *bytes = malloc(8 << 20);
    size_t n;
    FILE *f;
    bool found;

    (void)snprintf(path, sizeof path, "%s%s", t->path, suffix);
    f = fopen(path, "re");
    assert_non_null(bytes);
    n = f == NULL ? 0 : fread(bytes, 1, 8 << 20, f);
    found = memmem(bytes, n, words, strlen(words)) != NULL;
    if (f != NULL) {
        (void)fclose(f);
    }
    free(bytes);
    return found;
}

static void removed_words_leave_the_file(void **state)
{
    struct scene *t = *state;
    char long_words[20000];
    int64_t id;

    memset(long_words, 'x', sizeof long_words - 1);
    long_words[sizeof long_words - 1] = '\0';
    memcpy(long_words + 15000, "Çiğdemoğlu", strlen("Çiğdemoğlu"));
    begin(t);
    id = own_message(t, long_words);
    (void)own_message(t, "Kalıcıoğlu");
    assert_int_equal(store_scrub(t->s, &t->e), ERR_WRONG_STATE);
    commit(t);
    assert_int_equal(store_scrub(t->s, &t->e), 0);
    assert_true(file_holds(t, "", "Çiğdemoğlu"));
    begin(t);
    assert_int_equal(store_message_remove(t->s, id, &t->e), 0);
    store_scrub_soon(t->s);
    assert_true(file_holds(t, "", "Çiğdemoğlu"));
    commit(t);
    assert_false(file_holds(t, "", "Çiğdemoğlu"));
    assert_false(file_holds(t, "-wal", "Çiğdemoğlu"));
    assert_true(file_holds(t, "", "Kalıcıoğlu"));
}

#define EVERYWHERE(X)                                                                              \
    X(an_event_is_blanked_and_still_known)                                                         \
    X(a_case_goes_with_all_that_is_its_own)                                                        \
    X(numbers_do_not_come_again)                                                                   \
    X(what_is_on_its_way_stays)                                                                    \
    X(words_go_and_the_record_stays)                                                               \
    X(a_walk_may_remove_what_it_is_shown)                                                          \
    X(a_row_of_the_inbox_goes)

int main(void)
{
    const struct CMUnitTest tests[] = {EVERYWHERE(SQLITE_CASE) EVERYWHERE(MEMORY_CASE)
                                           SQLITE_CASE(removed_words_leave_the_file)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
