/* What the interface reads of a request by itself: the path, two header fields. */
#include "api/api_internal.h"
#include "api/problem.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_captures(struct str path)
{
    struct str captures[API_CAPTURES] = {{NULL, 0}};
    unsigned allowed;

    for (enum http_method m = HTTP_GET; m < HTTP_METHOD_COUNT; m++) {
        if (route_find(m, path, captures, &allowed) == NULL) {
            continue;
        }
        for (int i = 0; i < API_CAPTURES; i++) {
            if (captures[i].len > 0 && memchr(captures[i].ptr, '/', captures[i].len) != NULL) {
                abort();
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = {(const char *)data, size};
    struct auth_key key = {.name = "a", .scopes = SCOPE_ADMIN};
    const struct auth_table t = {&key, 1, 1};
    unsigned scopes;

    (void)problem_turkish(s);
    if (auth_check(&t, s, SCOPE_ADMIN, NULL) == AUTH_OK) {
        abort();
    }
    (void)auth_scopes_parse(s, &scopes, NULL);
    (void)auth_name_valid(s);
    check_captures(s);
    return 0;
}
