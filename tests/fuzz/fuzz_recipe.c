/*
 * Any bytes as a recipe: it is read or its faults are listed. One that is read judges an answer and
 * reads a report.
 */
#include "providers/recipe/judge.h"
#include "providers/recipe/report.h"

#include <stdint.h>

static void see(void *ctx, const struct provider_report *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        *(size_t *)ctx += strlen(list[i].code);
    }
}

static void use(const struct recipe *r)
{
    static const char body[] = "{\"code\":\"00\",\"jobid\":\"1\",\"jobs\":[{\"jobid\":\"1\","
                               "\"number\":\"905320000067\",\"status\":1}]}";
    const struct provider_hook hook = {.query = STR("ref=a&state=1&id=2&to=905320000067"),
                                       .body = STR("{\"ref\":\"a\",\"state\":1}")};
    const struct hook_secrets secrets = {.report_secret = STR("sir")};
    struct report_query q = {.rules = &r->poll.rows};
    size_t seen = 0;
    const struct report_sink sink = {see, &seen};
    struct recipe_judgement j;
    struct recipe_reply reply;
    struct err e;

    recipe_reply_init(&reply, 200, str_of(body), "5");
    recipe_judge(&r->answer, &reply, 0, &j);
    recipe_report_rows(r, &q, &reply, &sink);
    recipe_hook_rows(r, &hook, &secrets, &sink, &e);
    recipe_reply_finish(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct recipe *r = NULL;
    struct faults faults;
    struct err e = {0};

    faults_init(&faults);
    if (recipe_parse((struct str){(const char *)data, size}, "x", &r, &faults, &e) == 0) {
        use(r);
        recipe_free(r);
    } else if (faults.total == 0) {
        __builtin_trap(); /* refused without a word */
    }
    faults_finish(&faults);
    return 0;
}
