/*
 * Any bytes as a request to a simulated vendor: the first byte chooses JSON, form or XML and the
 * charset, the first line is path and query, the rest the body. Then the same bytes as a fault.
 */
#include "simulate/request.h"
#include "simulate/trouble.h"

#include <stdint.h>

static void read_fault(struct str s)
{
    struct sim_troubles t = {.count = 0};
    struct fault why = {0};

    if (sim_trouble_add(&t, NULL, s, &why) != 0 && (why.tr[0] == '\0' || why.en[0] == '\0')) {
        __builtin_trap(); /* refused without a word */
    }
    for (int i = 0; i < 3; i++) {
        (void)sim_trouble_request(&t, SIM_AT_SEND);
        (void)sim_trouble_message(&t, TROUBLE_TWICE);
    }
}

static void read_request(unsigned char how, struct str line, struct str body)
{
    const char *mark = line.len == 0 ? NULL : memchr(line.ptr, '?', line.len);
    struct sim_raw_request raw = {.method = "POST",
                                  .path = line,
                                  .pattern = "/a/{b}.json/{c}",
                                  .authorization = body,
                                  .body = body,
                                  .form = (enum sim_body)(how % 4),
                                  .charset = how & 4 ? SIM_LATIN5 : SIM_UTF8};
    struct json_doc *doc = NULL;
    struct err e = {0};

    if (mark != NULL) {
        raw.path.len = (size_t)(mark - line.ptr);
        raw.query = (struct str){mark + 1, line.len - raw.path.len - 1};
    }
    (void)sim_path_fits(raw.pattern, raw.path);
    if (sim_request_read(&raw, &doc, &e) == 0) {
        json_free(doc);
    } else if (e.text[0] == '\0') {
        __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = {(const char *)data + 1, size - 1};
    const char *end;
    struct str line;

    if (size < 2) {
        return 0;
    }
    read_fault(rest);
    end = memchr(rest.ptr, '\n', rest.len);
    line = (struct str){rest.ptr, end == NULL ? rest.len : (size_t)(end - rest.ptr)};
    rest = end == NULL ? STR("") : (struct str){end + 1, rest.len - line.len - 1};
    read_request(data[0], line, rest);
    return 0;
}
