/* One person's data over both back ends: tombstones, export, erasure. */
#include "../contract/store_scene.h"
#include "domain/certificate.h"
#include "domain/fact.h"
#include "domain/ids.h"
#include "flow/apply.h"
#include "flow/audit.h"
#include "flow/person.h"
#include "flow/person_parts.h"
#include "flow/suppress.h"
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

/* ---- export and erasure ---- */

/* Everything about Işıl Çiğdemoğlu (h-1), and one thing of each kind about somebody else. */
struct traces {
    int64_t case_id;
    int64_t other_case;
    int64_t message;
    int64_t digest;
    struct ids *ids;
};

static int64_t put_person(struct scene *t, const char *certificate, const char *holder,
                          const char *family, const char *phone)
{
    struct case_file *file = calloc(1, sizeof *file);
    struct case_row row = {.certificate = str_of(certificate), .holder = str_of(holder)};
    struct buf text;
    int64_t id;

    case_init(file);
    (void)str_copy(file->known.certificate.ref, FACT_REF_SIZE, str_of(certificate));
    (void)str_copy(file->known.holder.ref, FACT_REF_SIZE, str_of(holder));
    (void)str_copy(file->known.holder.family_name, FACT_NAME_SIZE, str_of(family));
    (void)str_copy(file->known.holder.phone, FACT_PHONE_SIZE, str_of(phone));
    file->known.not_after_ms = 99 * 86400000LL;
    buf_init(&text, STORE_BODY_MAX);
    assert_int_equal(case_write(file, &text), 0);
    row.facts = (struct str){text.data, text.len};
    assert_int_equal(store_case_put(t->s, &row, &id, &t->e), 0);
    buf_finish(&text);
    free(file);
    return id;
}

static void put_record(struct scene *t, enum record_kind kind, const char *key, const char *body)
{
    const struct record_row row = {kind, str_of(key), str_of(body)};

    assert_int_equal(store_record_put(t->s, &row, &t->e), 0);
}

static int64_t put_message(struct scene *t, int64_t case_id, const char *facts, const char *words,
                           enum message_state message_state)
{
    static int step;
    struct message_row row = message(case_id, ++step, 5);
    struct attempt_row attempt = {
        .number = 1, .provider = STR("m"), .outcome = 0, .content = str_of(words)};

    row.facts = str_of(facts);
    row.state = message_state;
    attempt.message_id = add_message(t, &row);
    open_attempt(t, &attempt);
    return attempt.message_id;
}

static void put_inbox(struct scene *t, const struct traces *x, int64_t message_id, const char *to,
                      const char *words)
{
    char ref[IDS_TEXT_SIZE];
    const struct inbox_row row = {
        .provider = STR("s"), .ref = {ref, 0}, .to = str_of(to), .content = str_of(words)};
    struct inbox_row named = row;

    ids_attempt_format(x->ids, message_id, 1, ref);
    named.ref = str_of(ref);
    assert_int_equal(store_inbox_add(t->s, &named, &t->e), 0);
}

static void leave_traces(struct scene *t, struct traces *x, enum message_state message_state)
{
    const struct suppress_new entry = {.channel = CHANNEL_SMS,
                                       .address = STR("+905320000067"),
                                       .reason = SUPPRESS_NOT_IN_USE,
                                       .actor = "x"};
    char facts[512];
    char body[512];

    *x = (struct traces){.ids = ids_create(KEY)};
    begin(t);
    x->case_id = put_person(t, "c-1", "h-1", "Çiğdemoğlu", "+905320000067");
    x->other_case = put_person(t, "c-2", "h-2", "Kalıcıoğlu", "+905320000068");
    x->message = put_message(t, x->case_id, "", "Sayın Çiğdemoğlu", message_state);
    (void)put_message(t, x->other_case, "", "Sayın Kalıcıoğlu", MESSAGE_DELIVERED);
    (void)put_message(t, 0, "{\"fact\":{\"holder\":{\"phone\":\"+905320000067\"}}}",
                      "Tekil Çiğdemoğlu", MESSAGE_DELIVERED);
    (void)put_message(t, 0, "{\"fact\":{\"holder\":{\"phone\":\"+905320000068\"}}}",
                      "Tekil Kalıcıoğlu", MESSAGE_DELIVERED);
    (void)snprintf(facts, sizeof facts,
                   "{\"fact\":{},\"digest\":{\"rows\":[{\"name\":\"Çiğdemoğlu\",\"case\":%lld},"
                   "{\"name\":\"Kalıcıoğlu\",\"case\":%lld}]}}",
                   (long long)x->case_id, (long long)x->other_case);
    x->digest = put_message(t, 0, facts, "Liste: Çiğdemoğlu", MESSAGE_DELIVERED);
    fact_body("c-1", "h-1", "", body, sizeof body);
    (void)append(t, "e1", body);
    fact_body("c-2", "h-2", "", body, sizeof body);
    (void)append(t, "e2", body);
    fact_body("c-11", "h-11", "", body, sizeof body); /* holds "c-1" and "h-1", and is another */
    (void)append(t, "e3", body);
    assert_int_equal(store_set_applied(t->s, 3, &t->e), 0);
    put_inbox(t, x, x->message, "+905320000067", "Sayın Çiğdemoğlu");
    put_inbox(t, x, x->digest, "okul@meb.k12.tr", "Liste: Çiğdemoğlu");
    put_inbox(t, x, 2, "+905320000068", "Sayın Kalıcıoğlu");
    put_record(t, RECORD_IMPORT, "000000000001",
               "{\"at_ms\":1,\"report\":{\"new\":2,\"rows\":[{\"holder\":\"h-1\",\"n\":"
               "\"Çiğdemoğlu\"},{\"holder\":\"h-2\"}]}}");
    put_record(t, RECORD_IMPORT_ROW, "000000000001/case/000000001/0",
               "{\"certificate\":\"c-1\",\"file\":{\"n\":\"Çiğdemoğlu\"}}");
    put_record(t, RECORD_IMPORT_ROW, "000000000001/case/000000002/0", "{\"certificate\":\"c-2\"}");
    put_record(t, RECORD_IMPORT_ROW, "000000000001/list/0001", "c-0\nc-1\nc-2\nc-11\n");
    put_record(t, RECORD_REPORT, "r1", "{\"to\":\"+905320000067\"}");
    assert_int_equal(suppress_add(t->s, KEY, &entry, NULL, &t->e), 0);
    commit(t);
}

static struct person_env env_of(const struct traces *x)
{
    return (struct person_env){.key = KEY, .ids = x->ids, .now_ms = 9000, .actor = "uid:0"};
}

static void everything_held_is_told(void **state)
{
    static const char *const parts[] = {"\"reference\":\"h-1\"",
                                        "\"certificate\":\"c-1\"",
                                        "Sayın Çiğdemoğlu",
                                        "Tekil Çiğdemoğlu",
                                        "\"id\":\"e1\"",
                                        "not_in_use",
                                        "000000000001/case/000000001",
                                        "\"digest_rows\":1"};
    struct scene *t = *state;
    struct json_doc *doc;
    struct person_env env;
    struct person_counts n;
    struct traces x;
    struct buf out;

    leave_traces(t, &x, MESSAGE_DELIVERED);
    env = env_of(&x);
    buf_init(&out, PERSON_EXPORT_MAX);
    assert_int_equal(person_export(t->s, &env, STR("h-1"), &out, &t->e), 0);
    assert_int_equal(
        json_parse((struct str){out.data, out.len}, 0, &json_default_limits, &doc, NULL, &t->e), 0);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strstr(out.data, parts[i]) == NULL) {
            fail_msg("%s is missing in %s", parts[i], out.data);
        }
    }
    assert_null(strstr(out.data, "Kalıcıoğlu"));
    assert_null(strstr(out.data, "\"e3\""));
    json_free(doc);
    assert_int_equal(person_count(t->s, &env, STR("c-1"), &n, &t->e), 0);
    assert_int_equal(n.cases, 1);
    assert_int_equal(n.messages, 1);
    assert_int_equal(n.own_messages, 1);
    assert_int_equal(n.digest_rows, 1);
    assert_int_equal(n.events, 1);
    assert_int_equal(n.inbox, 2);
    assert_int_equal(n.import_rows, 3);
    assert_int_equal(n.reports, 1);
    assert_int_equal(n.suppressions, 1);
    buf_reset(&out);
    assert_int_equal(person_export(t->s, &env, STR("nobody"), &out, &t->e), ERR_NOT_FOUND);
    assert_int_equal(person_export(t->s, &env, STR(""), &out, &t->e), ERR_INVALID);
    buf_finish(&out);
    ids_destroy(x.ids);
}

/* A case that shares the mailbox of h-1, one whose reference begins with it, rows of both. */
static void leave_neighbours(struct scene *t, const struct traces *x)
{
    begin(t);
    (void)put_person(t, "c-11", "h-11", "Komşuoğlu", "+905320000067");
    (void)append(t, "e4",
                 "{\"type\":\"certificate.expiring\",\"time\":1,\"certificate\":{\"ref\":\"c-11\","
                 "\"not_after\":8553600000},\"holder\":{\"ref\":\"h-11\",\"family_name\":"
                 "\"Komşuoğlu\",\"phone\":\"+905320000067\"}}");
    assert_int_equal(store_set_applied(t->s, 4, &t->e), 0);
    (void)put_message(t, 0,
                      "{\"fact\":{\"holder\":{\"ref\":\"h-11\",\"phone\":\"+905320000067\"}}}",
                      "Tekil Komşuoğlu", MESSAGE_DELIVERED);
    put_inbox(t, x, 2, "+905320000067", "Sayın Komşuoğlu");
    put_record(t, RECORD_IMPORT_ROW, "000000000001/case/000000003/0",
               "{\"certificate\":\"c-11\",\"file\":{\"fact\":{\"holder\":{\"ref\":\"h-11\","
               "\"family_name\":\"Komşuoğlu\",\"phone\":\"+905320000067\"}}}}");
    put_record(t, RECORD_IMPORT_ROW, "000000000001/error/0001",
               "{\"row\":1,\"reason\":\"c-11\"},{\"row\":2,\"reason\":\"h-11\"}");
    put_record(t, RECORD_REPORT, "r2", "{\"ref\":\"h-11\"}");
    commit(t);
}

static void neither_told_nor_erased_is_who_shares_an_address(void **state)
{
    struct scene *t = *state;
    struct person_counts n;
    struct person_env env;
    struct traces x;
    struct buf out;
    char text[8192] = "";

    leave_traces(t, &x, MESSAGE_DELIVERED);
    leave_neighbours(t, &x);
    env = env_of(&x);
    buf_init(&out, PERSON_EXPORT_MAX);
    assert_int_equal(person_export(t->s, &env, STR("h-1"), &out, &t->e), 0);
    assert_null(strstr(out.data, "Komşuoğlu"));
    assert_null(strstr(out.data, "c-11"));
    assert_null(strstr(out.data, "h-11"));
    buf_finish(&out);
    begin(t);
    assert_int_equal(person_erase(t->s, &env, STR("h-1"), &n, &t->e), 0);
    commit(t);
    assert_int_equal(n.import_rows, 3);
    assert_int_equal(n.events, 1);
    assert_int_equal(n.own_messages, 1);
    assert_int_equal(n.inbox, 2);
    assert_int_equal(n.reports, 1);
    assert_int_equal(store_event_scan(t->s, 0, 10, collect_body, text, &t->e), 0);
    assert_non_null(strstr(text, "Komşuoğlu"));
    begin(t);
    assert_int_equal(person_erase(t->s, &env, STR("h-1"), &n, &t->e), ERR_NOT_FOUND);
    commit(t);
    ids_destroy(x.ids);
}

static int add_message_text(void *ctx, const struct message_row *row)
{
    strncat(ctx, row->facts.ptr == NULL ? "" : row->facts.ptr, row->facts.len);
    strncat(ctx, "|", 2);
    return 0;
}

static int add_record_text(void *ctx, const struct record_row *row)
{
    strncat(ctx, row->body.ptr, row->body.len);
    strncat(ctx, "|", 2);
    return 0;
}

static void records_are(struct scene *t, enum record_kind kind, const char *expected)
{
    const struct record_range range = {kind, STR(""), STR(""), false, 100};
    char text[4096] = "";

    assert_int_equal(store_record_list(t->s, &range, add_record_text, text, &t->e), 0);
    assert_string_equal(text, expected);
}

static bool file_names(const struct scene *t, const char *suffix, const char *words)
{
    char path[128];
    char *bytes = malloc(8 << 20);
    size_t n;
    FILE *f;
    bool found;

    (void)snprintf(path, sizeof path, "%s%s", t->path, suffix);
    f = fopen(path, "re");
    n = f == NULL ? 0 : fread(bytes, 1, 8 << 20, f);
    found = memmem(bytes, n, words, strlen(words)) != NULL;
    if (f != NULL) {
        (void)fclose(f);
    }
    free(bytes);
    return found;
}

static int see_entry(void *ctx, const struct audit_entry *entry)
{
    strncat(ctx, entry->body.ptr, entry->body.len);
    return 0;
}

static void an_erased_person_leaves_nothing_but_a_tombstone(void **state)
{
    struct scene *t = *state;
    struct person_counts n;
    struct person_env env;
    struct traces x;
    char text[8192] = "";

    leave_traces(t, &x, MESSAGE_DELIVERED);
    env = env_of(&x);
    begin(t);
    if (person_erase(t->s, &env, STR("h-1"), &n, &t->e) != 0) {
        fail_msg("%s", t->e.text);
    }
    commit(t);
    assert_int_equal(n.cases, 1);
    assert_true(is_erased(t, "h-1", ""));
    assert_true(is_erased(t, "", "c-1"));
    assert_false(is_erased(t, "h-2", "c-2"));
    assert_int_equal(store_message_scan(t->s, 0, false, 100, add_message_text, text, &t->e), 0);
    assert_null(strstr(text, "Çiğdemoğlu"));
    assert_null(strstr(text, "0000067"));
    assert_non_null(strstr(text, "0000068"));
    assert_non_null(strstr(text, "Kalıcıoğlu"));
    text[0] = '\0';
    assert_int_equal(store_event_scan(t->s, 0, 10, collect_body, text, &t->e), 0);
    assert_int_equal(text[0], '|');
    assert_non_null(strstr(text, "c-11"));
    records_are(t, RECORD_IMPORT,
                "{\"at_ms\":1,\"report\":{\"new\":2,\"rows\":[{\"holder\":\"h-2\"}]}}|");
    records_are(t, RECORD_IMPORT_ROW, "{\"certificate\":\"c-2\"}|c-0\nc-2\nc-11\n|");
    records_are(t, RECORD_REPORT, "");
    text[0] = '\0';
    assert_int_equal(audit_list(t->s, 0, 10, see_entry, text, &t->e), 0);
    assert_non_null(strstr(text, "person.erase"));
    assert_null(strstr(text, "h-1"));
    begin(t);
    assert_int_equal(person_erase(t->s, &env, STR("h-1"), &n, &t->e), ERR_NOT_FOUND);
    commit(t);
    if (!t->memory) {
        static const char *const words[] = {"Çiğdemoğlu", "5320000067", "h-1\""};

        for (size_t i = 0; i < 3; i++) {
            assert_false(file_names(t, "", words[i]));
            assert_false(file_names(t, "-wal", words[i]));
        }
        assert_true(file_names(t, "", "Kalıcıoğlu"));
    }
    ids_destroy(x.ids);
}

static void nobody_is_erased_while_a_message_is_on_its_way(void **state)
{
    static const enum message_state ways[] = {MESSAGE_SENDING, MESSAGE_UNKNOWN};
    struct scene *t = *state;
    struct person_counts n;
    struct person_env env;
    struct traces x;

    for (size_t i = 0; i < 2; i++) {
        if (i > 0) {
            const bool memory = t->memory;

            (void)teardown(state);
            (void)(memory ? setup_memory(state) : setup_sqlite(state));
            t = *state;
        }
        leave_traces(t, &x, ways[i]);
        env = env_of(&x);
        begin(t);
        assert_int_equal(person_erase(t->s, &env, STR("h-1"), &n, &t->e), ERR_WRONG_STATE);
        store_rollback(t->s);
        assert_int_equal(person_count(t->s, &env, STR("h-1"), &n, &t->e), 0);
        assert_int_equal(n.cases, 1);
        assert_false(is_erased(t, "h-1", "c-1"));
        ids_destroy(x.ids);
    }
}

static void a_readmitted_person_is_taken_again(void **state)
{
    struct scene *t = *state;
    const struct apply_env env = {.key = KEY, .now_ms = 6000};
    struct person_tombstone stone;
    struct person_counts n;
    struct person_env who;
    struct traces x;
    char body[512];
    int cases = 0;

    leave_traces(t, &x, MESSAGE_DELIVERED);
    who = env_of(&x);
    fact_body("c-1", "h-1", "", body, sizeof body);
    begin(t);
    assert_int_equal(person_erase(t->s, &who, STR("c-1"), &n, &t->e), 0);
    (void)append(t, "e8", body);
    assert_int_equal(apply_backlog(t->s, &env, 10, &t->e), 0);
    assert_int_equal(person_readmit(t->s, KEY, STR("h-1"), &stone, &t->e), 0);
    assert_int_equal(stone.refused, 1);
    (void)append(t, "e9", body);
    assert_int_equal(apply_backlog(t->s, &env, 10, &t->e), 0);
    commit(t);
    assert_int_equal(store_case_by_holder(t->s, STR("h-1"), see_case, &cases, &t->e), 0);
    assert_int_equal(cases, 1);
    ids_destroy(x.ids);
}

#define EVERYWHERE(X)                                                                              \
    X(a_tombstone_is_found_by_what_it_does_not_tell)                                               \
    X(what_is_refused_is_counted)                                                                  \
    X(readmitting_takes_all_of_a_person_away_and_nobody_elses)                                     \
    X(a_fact_about_an_erased_person_says_nothing)                                                  \
    X(a_blanked_event_is_passed_over)                                                              \
    X(everything_held_is_told)                                                                     \
    X(neither_told_nor_erased_is_who_shares_an_address)                                            \
    X(an_erased_person_leaves_nothing_but_a_tombstone)                                             \
    X(nobody_is_erased_while_a_message_is_on_its_way)                                              \
    X(a_readmitted_person_is_taken_again)

int main(void)
{
    const struct CMUnitTest tests[] = {EVERYWHERE(SQLITE_CASE) EVERYWHERE(MEMORY_CASE)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
