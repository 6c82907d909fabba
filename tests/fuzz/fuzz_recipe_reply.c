/*
 * Any bytes as a vendor's answer, report or pushed report, for every shipped recipe. The first byte
 * chooses the recipe, the second one the HTTP status. What comes out keeps the promises of an
 * outcome: it is never taken for sent without the id the recipe asks for, and its words are valid
 * UTF-8.
 */
#include "base/utf8.h"
#include "providers/recipe/judge.h"
#include "providers/recipe/report.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const names[] = {"netgsm", "iletimerkezi",  "verimor", "mutlucell", "vatansms",
                                    "jetsms", "jetsms-legacy", "twilio",  "vonage",    "kannel"};
static const int statuses[] = {200, 202, 204, 302, 400, 401, 406, 429, 500, 503};

enum { NAMES = sizeof(names) / sizeof(*names), STATUSES = sizeof(statuses) / sizeof(*statuses) };

static struct recipe *recipes[NAMES];

static void load(void)
{
    for (size_t i = 0; i < NAMES; i++) {
        struct faults faults;
        struct buf path;

        faults_init(&faults);
        buf_init(&path, 4096);
        recipe_path(HATIRLAT_SOURCE_DIR "/config/recipes", names[i], &path, NULL);
        if (recipe_load(buf_cstr(&path), &recipes[i], &faults, NULL) != 0) {
            abort();
        }
        buf_finish(&path);
        faults_finish(&faults);
    }
}

static void must(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

static void see(void *ctx, const struct provider_report *list, size_t count)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++) {
        must(list[i].ref != NULL || list[i].provider_ref != NULL);
        must(utf8_clean_line(str_of(list[i].code)));
        must(list[i].to == NULL || strlen(list[i].to) == 13);
    }
}

static void judge_by(const struct recipe_answer *rules, const struct recipe_reply *reply)
{
    static const struct str secrets[] = {{"Gizli", 5}};
    struct recipe_reply with = *reply;
    struct recipe_judgement j;

    with.secrets = secrets;
    with.secret_count = 1;
    recipe_judge(rules, &with, 0, &j);
    must(j.outcome.class < OUTCOME_COUNT);
    must(j.outcome.class != OUTCOME_SENT || rules->id.texts.count == 0 || !rules->id_needed ||
         j.outcome.provider_ref[0] != '\0');
    must(utf8_valid(str_of(j.outcome.detail)) && utf8_clean_line(str_of(j.outcome.provider_ref)));
    must(utf8_valid(str_of(j.outcome.code)) && strstr(j.outcome.detail, "Gizli") == NULL);
    must(j.outcome.wait_ms >= 0 && j.outcome.wait_ms <= 6 * 3600 * 1000);
    must(outcome_is(&j.outcome, "unmatched") == j.unmatched);
}

static void judge(const struct recipe *r, int status, struct str body)
{
    const struct report_sink sink = {see, NULL};
    struct report_query poll = {.rules = &r->poll.rows, .asked = "1", .after = r->poll.after};
    struct report_query ask = {.rules = &r->recover.rows};
    struct recipe_reply reply;
    char retry_after[32];

    snprintf(retry_after, sizeof(retry_after), "%.*s", (int)(body.len < 31 ? body.len : 31),
             body.len == 0 ? "" : body.ptr);
    recipe_reply_init(&reply, status, body, retry_after);
    judge_by(&r->answer, &reply);
    if (r->has_poll) {
        judge_by(&r->poll.answer, &reply);
        recipe_report_rows(r, &poll, &reply, &sink);
        must(strlen(poll.ret_after) < REPORT_FIELD_MAX);
    }
    if (r->has_ask) {
        judge_by(&r->recover.answer, &reply);
        recipe_report_rows(r, &ask, &reply, &sink);
    }
    recipe_reply_finish(&reply);
}

/* What the signature is made of is walked through as well. */
static struct str header(const void *request, const char *name)
{
    (void)request;
    return str_of(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct report_sink sink = {see, NULL};
    const struct hook_secrets secrets = {.report_url = STR("https://ornek.test/reports/x/y"),
                                         .password = STR("Gizli")};
    struct provider_hook hook = {.header = header};
    const struct recipe *r;
    struct str body;

    if (size < 2) {
        return 0;
    }
    if (recipes[0] == NULL) {
        load();
    }
    r = recipes[data[0] % NAMES];
    body = (struct str){(const char *)data + 2, size - 2};
    judge(r, statuses[data[1] % STATUSES], body);
    hook.query = body;
    hook.body = body;
    recipe_hook_rows(r, &hook, &secrets, &sink, NULL);
    if (r->hook.has_signature) {
        must(!recipe_signature_holds(&r->hook.signature, &hook, &secrets));
    }
    return 0;
}
