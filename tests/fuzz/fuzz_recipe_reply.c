/*
 * Any bytes as a vendor's answer, report or pushed report, for every shipped recipe. The first byte
 * chooses the HTTP status. What comes out keeps the promises of an outcome: it is never taken for
 * sent without the id the recipe asks for, and its words are valid UTF-8.
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

static void judge(const struct recipe *r, int status, struct str body)
{
    const struct report_sink sink = {see, NULL};
    struct report_query q = {.rules = &r->poll.rows};
    struct recipe_judgement j;
    struct recipe_reply reply;
    char retry_after[32];

    snprintf(retry_after, sizeof(retry_after), "%.*s", (int)(body.len < 31 ? body.len : 31),
             body.len == 0 ? "" : body.ptr);
    recipe_reply_init(&reply, status, body, retry_after);
    recipe_judge(&r->answer, &reply, 0, &j);
    must(j.outcome.class < OUTCOME_COUNT);
    must(j.outcome.class != OUTCOME_SENT || r->answer.id.texts.count == 0 || !r->answer.id_needed ||
         j.outcome.provider_ref[0] != '\0');
    must(utf8_valid(str_of(j.outcome.detail)) && utf8_clean_line(str_of(j.outcome.provider_ref)));
    must(j.outcome.wait_ms >= 0 && j.outcome.wait_ms <= 6 * 3600 * 1000);
    if (r->has_poll) {
        recipe_judge(&r->poll.answer, &reply, 0, &j);
        recipe_report_rows(r, &q, &reply, &sink);
    }
    recipe_reply_finish(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct report_sink sink = {see, NULL};
    const struct hook_secrets secrets = {.password = {NULL, 0}};
    struct str body = {(const char *)data + 1, size - 1};

    if (size == 0) {
        return 0;
    }
    if (recipes[0] == NULL) {
        load();
    }
    for (size_t i = 0; i < NAMES; i++) {
        const struct provider_hook hook = {.query = body, .body = body};

        judge(recipes[i], statuses[data[0] % STATUSES], body);
        recipe_hook_rows(recipes[i], &hook, &secrets, &sink, NULL);
    }
    return 0;
}
