#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, int code, const char *fmt, ...)
{
    va_list ap;

    if (e == NULL) {
        return code;
    }
    e->code = code;
    va_start(ap, fmt);
    (void)vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    return code;
}

static int code_of_errno(int errnum)
{
    switch (errnum) {
    case ENOSPC:
    case EDQUOT:
        return ERR_FULL;
    case ENOMEM:
        return ERR_NOMEM;
    case ENOENT:
        return ERR_NOT_FOUND;
    case EEXIST:
        return ERR_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERR_DENIED;
    case EAGAIN:
    case EBUSY:
    case EADDRINUSE:
        return ERR_BUSY;
    case ETIMEDOUT:
        return ERR_TIMEOUT;
    default:
        return ERR_IO;
    }
}

int err_errno(struct err *e, int errnum, const char *fmt, ...)
{
    /* English in every locale: what logs say must not depend on who started the program. */
    const char *sentence = strerrordesc_np(errnum);
    char place[256];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(place, sizeof place, fmt, ap);
    va_end(ap);
    return err_set(e, code_of_errno(errnum), "%s: %s", place,
                   sentence == NULL ? "unknown error" : sentence);
}

int err_prefix(struct err *e, const char *fmt, ...)
{
    char place[200];
    char text[sizeof e->text];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(place, sizeof place, fmt, ap);
    va_end(ap);
    memcpy(text, e->text, sizeof text);
    (void)snprintf(e->text, sizeof e->text, "%s: %.*s", place,
                   (int)(sizeof text - sizeof place - 2), text);
    return e->code;
}
