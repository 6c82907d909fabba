/*
 * Every error is a sentence with a place: functions return 0 or a negative err_code and fill the
 * last argument. The text is English (it goes to logs and after a translated lead on the CLI).
 */
#pragma once

enum err_code {
    ERR_NONE = 0,
    ERR_INVALID = -1,     /* the input is wrong */
    ERR_LIMIT = -2,       /* a configured or built-in bound was crossed */
    ERR_NOMEM = -3,       /* allocation failed */
    ERR_NOT_FOUND = -4,   /* no such thing */
    ERR_EXISTS = -5,      /* it is already there, or conflicts with what is there */
    ERR_WRONG_STATE = -6, /* not allowed in the present state */
    ERR_BUSY = -7,        /* held by somebody else, try later */
    ERR_FULL = -8,        /* the disk is full */
    ERR_IO = -9,          /* reading or writing failed */
    ERR_CORRUPT = -10,    /* stored data does not make sense */
    ERR_DENIED = -11,     /* not permitted */
    ERR_TIMEOUT = -12,    /* took too long */
    ERR_UNSUPPORTED = -13 /* valid, but not offered here */
};

struct err {
    int code;
    char text[400];
};

/*
 * Fills e (may be null) and returns code, so that callers can write
 * `return err_set(e, ERR_INVALID, "port %d is out of range", port);`. Any thread.
 */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As err_set, with the sentence of errnum appended and the code chosen from it (ENOSPC -> FULL). */
int err_errno(struct err *e, int errnum, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts a place in front of an error on its way up: "place: text". Returns e's code. */
int err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
