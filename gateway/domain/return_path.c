#include "domain/return_path.h"

#include "base/err.h"

#include <stdio.h>

int return_path_format(const char *base, const char *ref, char out[RETURN_PATH_SIZE])
{
    const char *at = strchr(base, '@');
    int n;

    if (at == NULL || at - base > RETURN_PATH_LOCAL_MAX) {
        out[0] = '\0';
        return ERR_LIMIT;
    }
    n = snprintf(out, RETURN_PATH_SIZE, "%.*s+%s%s", (int)(at - base), base, ref, at);
    return n < RETURN_PATH_SIZE ? 0 : ERR_LIMIT;
}

/* The part between "local+" and "@domain", if these are ours; empty for base itself. */
static bool cut(const char *base, struct str address, struct str *ret_ref)
{
    struct str whole = str_of(base);
    const char *at = strchr(base, '@');
    size_t local = (size_t)(at - base);
    size_t rest = whole.len - local;

    if (str_ieq(whole, address)) {
        *ret_ref = (struct str){address.ptr, 0};
        return true;
    }
    if (address.len < whole.len + 2 || address.ptr[local] != '+' ||
        !str_ieq((struct str){base, local}, (struct str){address.ptr, local}) ||
        !str_ieq((struct str){at, rest}, (struct str){address.ptr + address.len - rest, rest})) {
        return false;
    }
    *ret_ref = (struct str){address.ptr + local + 1, address.len - rest - local - 1};
    return true;
}

enum return_path return_path_parse(struct ids *ids, const char *base, struct str address,
                                   char ret_ref[IDS_TEXT_SIZE])
{
    struct str ref;
    int64_t row;
    int attempt;

    ret_ref[0] = '\0';
    if (strchr(base, '@') == NULL || !cut(base, address, &ref)) {
        return RETURN_PATH_FOREIGN;
    }
    if (ref.len == 0) {
        return RETURN_PATH_OURS;
    }
    if (str_copy(ret_ref, IDS_TEXT_SIZE, ref) != 0) {
        return RETURN_PATH_FOREIGN;
    }
    for (char *c = ret_ref; *c != '\0'; c++) {
        *c = ascii_lower(*c);
    }
    if (ids_attempt_parse(ids, str_of(ret_ref), &row, &attempt) != 0) {
        ret_ref[0] = '\0';
        return RETURN_PATH_FOREIGN;
    }
    return RETURN_PATH_ATTEMPT;
}
