/* One person's data over both back ends: tombstones, export, erasure. */
#include "../contract/store_scene.h"
#include "domain/fact.h"
#include "flow/apply.h"
#include "flow/person.h"
#include "flow/person_parts.h"
#include "store/store_purge.h"

static const unsigned char KEY[HASH_KEY_SIZE] = "0123456789abcde";

static const struct person_env ENV = {.key = KEY, .now_ms = 5000, .actor = "uid:0"};

static bool is_erased(struct scene *t, const char *holder, const char *certificate)
{
    bool erased;

    assert_int_equal(
        person_is_erased(t->s, KEY, str_of(holder), str_of(certificate), &erased, &t->e), 0);
    return erased;
}

static void bury(struct scene *t, const char *holder, const char *certificate)
{
    char of[PERSON_TOMBSTONE_SIZE];

    assert_int_equal(person_tombstone_id(KEY, 'h', str_of(holder), of), 0);
    assert_int_equal(person_tombstone_set(t->s, &ENV, 'h', str_of(holder), "", &t->e), 0);
    assert_int_equal(person_tombstone_set(t->s, &ENV, 'c', str_of(certificate), of, &t->e), 0);
}

static void a_tombstone_is_found_by_what_it_does_not_tell(void **state)
{
    struct scene *t = *state;

    begin(t);
    bury(t, "h-1", "c-1");
    commit(t);
    assert_true(is_erased(t, "h-1", ""));
    assert_true(is_erased(t, "", "c-1"));
    assert_true(is_erased(t, "h-2", "c-1"));
    assert_false(is_erased(t, "c-1", "h-1"));
    assert_false(is_erased(t, "h-2", "c-2"));
    assert_false(is_erased(t, "", ""));
}

static void what_is_refused_is_counted(void **state)
{
    struct scene *t = *state;
    struct person_tombstone stone;

    begin(t);
    bury(t, "h-1", "c-1");
    assert_int_equal(person_count_refused(t->s, KEY, STR("h-1"), STR(""), 6000, &t->e), 0);
    assert_int_equal(person_count_refused(t->s, KEY, STR("h-1"), STR("c-1"), 7000, &t->e), 0);
    assert_int_equal(person_count_refused(t->s, KEY, STR("h-2"), STR("c-2"), 8000, &t->e), 0);
    assert_int_equal(person_readmit(t->s, KEY, STR("c-1"), &stone, &t->e), 0);
    commit(t);
    assert_int_equal(stone.refused, 2);
    assert_int_equal(stone.last_ms, 7000);
    assert_int_equal(stone.erased_ms, 5000);
    assert_string_equal(stone.actor, "uid:0");
}

static void readmitting_takes_all_of_a_person_away_and_nobody_elses(void **state)
{
    struct scene *t = *state;
    struct person_tombstone stone;

    begin(t);
    bury(t, "h-1", "c-1");
    bury(t, "h-2", "c-2");
    assert_int_equal(person_readmit(t->s, KEY, STR("h-1"), &stone, &t->e), 0);
    assert_int_equal(person_readmit(t->s, KEY, STR("h-1"), &stone, &t->e), ERR_NOT_FOUND);
    commit(t);
    assert_false(is_erased(t, "h-1", "c-1"));
    assert_true(is_erased(t, "h-2", ""));
    assert_true(is_erased(t, "", "c-2"));
}

static int64_t append(struct scene *t, const char *id, const char *body)
{
    const struct event_row row = {
        .received_ms = 10, .source = STR("urn:t"), .id = str_of(id), .body = str_of(body)};
    unsigned char digest[SHA256_SIZE];
    int64_t seq = 0;

    assert_int_equal(store_event_append(t->s, &row, &seq, digest, &t->e), 0);
    return seq;
}

static int collect_body(void *ctx, const struct event_row *row)
{
    char *bodies = ctx;

    strncat(bodies, row->body.ptr, row->body.len);
    strncat(bodies, "|", 2);
    return 0;
}

static int see_case(void *ctx, const struct case_row *row)
{
    (void)row;
    (*(int *)ctx)++;
    return 0;
}

static void fact_body(const char *certificate, const char *holder, const char *replaces, char *out,
                      size_t size)
{
    struct fact fact;
    struct buf text;

    fact_reset(&fact);
    fact.type = EVENT_CERTIFICATE_EXPIRING;
    fact.not_after_ms = 99 * 86400000LL;
    (void)str_copy(fact.certificate.ref, sizeof fact.certificate.ref, str_of(certificate));
    (void)str_copy(fact.certificate.replaces, sizeof fact.certificate.replaces, str_of(replaces));
    (void)str_copy(fact.holder.ref, sizeof fact.holder.ref, str_of(holder));
    (void)str_copy(fact.holder.given_name, sizeof fact.holder.given_name, STR("Işıl"));
    buf_init(&text, FACT_CANONICAL_MAX);
    assert_int_equal(fact_canonical(&fact, &text), 0);
    (void)snprintf(out, size, "%s", buf_cstr(&text));
    buf_finish(&text);
}

static void a_fact_about_an_erased_person_says_nothing(void **state)
{
    static const struct {
        const char *certificate;
        const char *holder;
        const char *replaces;
        bool refused;
    } facts[] = {{"c-1", "h-9", "", true},
                 {"c-9", "h-1", "", true},
                 {"c-8", "h-8", "c-1", true},
                 {"c-7", "h-7", "c-6", false}};
    struct scene *t = *state;
    const struct apply_env env = {.key = KEY, .now_ms = 6000};
    char expected[2048] = "";
    char bodies[2048] = "";
    int cases = 0;
    uint64_t before = person_refused_total();

    begin(t);
    bury(t, "h-1", "c-1");
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        char body[512];
        char id[8];

        fact_body(facts[i].certificate, facts[i].holder, facts[i].replaces, body, sizeof body);
        (void)snprintf(id, sizeof id, "e%zu", i);
        (void)append(t, id, body);
        strncat(expected, facts[i].refused ? "" : body, 600);
        strncat(expected, "|", 2);
    }
    assert_int_equal(apply_backlog(t->s, &env, 10, &t->e), 0);
    commit(t);
    assert_int_equal(store_applied(t->s), 4);
    assert_int_equal(store_event_scan(t->s, 0, 10, collect_body, bodies, &t->e), 0);
    assert_string_equal(bodies, expected);
    assert_int_equal(store_case_scan(t->s, 0, 10, see_case, &cases, &t->e), 0);
    assert_int_equal(cases, 2); /* c-7 and the one it replaces */
    assert_int_equal(person_refused_total() - before, 3);
}

static void a_blanked_event_is_passed_over(void **state)
{
    struct scene *t = *state;
    const struct apply_env env = {.key = KEY, .now_ms = 6000};

    begin(t);
    assert_int_equal(store_event_blank(t->s, append(t, "e1", "{}"), &t->e), 0);
    assert_int_equal(apply_backlog(t->s, &env, 10, &t->e), 0);
    commit(t);
    assert_int_equal(store_applied(t->s), 1);
}

#define EVERYWHERE(X)                                                                              \
    X(a_tombstone_is_found_by_what_it_does_not_tell)                                               \
    X(what_is_refused_is_counted)                                                                  \
    X(readmitting_takes_all_of_a_person_away_and_nobody_elses)                                     \
    X(a_fact_about_an_erased_person_says_nothing)                                                  \
    X(a_blanked_event_is_passed_over)

int main(void)
{
    const struct CMUnitTest tests[] = {EVERYWHERE(SQLITE_CASE) EVERYWHERE(MEMORY_CASE)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
