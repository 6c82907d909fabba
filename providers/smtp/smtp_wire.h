/*
 * Listens to an SMTP dialogue (RFC 5321, 2920, 3207, 4954) and enforces what libraries do not:
 * answers come only to commands that were sent, nothing follows the 220 of STARTTLS in the clear,
 * no mail is named before TLS and login stand, a verdict comes only after the whole message. Pure;
 * it holds what the relay said to the present transaction, which is what outcomes are made from.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum smtp_verb {
    SMTP_GREETING,
    SMTP_EHLO, /* and HELO */
    SMTP_STARTTLS,
    SMTP_AUTH,
    SMTP_MAIL,
    SMTP_RCPT,
    SMTP_DATA,
    SMTP_BODY, /* the message up to its final dot */
    SMTP_RSET,
    SMTP_QUIT,
    SMTP_OTHER,
    SMTP_VERB_COUNT
};

enum smtp_breach {
    SMTP_BREACH_NONE,
    SMTP_BREACH_UNASKED,   /* an answer to nothing, or a verdict on half a message */
    SMTP_BREACH_INJECTED,  /* plaintext behind the 220 of STARTTLS */
    SMTP_BREACH_GARBLED,   /* not an SMTP reply */
    SMTP_BREACH_TOO_LONG,  /* a line or a reply beyond all bounds */
    SMTP_BREACH_CLEARTEXT, /* ours: AUTH or MAIL without the TLS that is required */
    SMTP_BREACH_NO_LOGIN,  /* ours: MAIL without the login that is required */
    SMTP_BREACH_CLOSING    /* the relay said 421 out of turn */
};

enum { SMTP_REPLY_TEXT = 160, SMTP_REPLY_LINE = 1000, SMTP_REPLY_MAX = 16384, SMTP_PENDING = 16 };

struct smtp_reply {
    int code;          /* 0: none */
    char enhanced[12]; /* "5.1.1" or "" (RFC 3463) */
    char text[SMTP_REPLY_TEXT];
};

struct smtp_wire {
    bool want_tls;
    bool want_login;

    enum smtp_breach breach;
    bool tls;
    bool logged_in;
    bool closing;        /* 421 was said */
    unsigned mails;      /* MAIL commands so far */
    unsigned answers;    /* complete replies so far */
    enum smtp_verb step; /* the latest command, for messages to people */

    /* The present transaction: MAIL, RCPT, DATA, BODY. The other verbs: their latest reply. */
    struct smtp_reply replies[SMTP_VERB_COUNT];

    /* Private from here. */
    enum smtp_verb pending[SMTP_PENDING];
    size_t pending_count;
    bool handshake; /* STARTTLS was agreed, TLS does not stand yet */
    bool challenge; /* 334 was said: the next line is a response */
    bool in_body;
    bool body_done;
    bool in_line;
    bool word_done;
    size_t word_len;
    char word[9]; /* first word of the line being written */
    struct smtp_reply reply;
    size_t reply_size;
    size_t line_len;
    char line[SMTP_REPLY_LINE];
    size_t mask_len;
    char mask[9]; /* the word being read of an EHLO answer */
};

/* A new connection: the greeting is awaited. */
void smtp_wire_reset(struct smtp_wire *w, bool want_tls, bool want_login);
/* Bytes about to be written. On a breach they must not leave. */
enum smtp_breach smtp_wire_wrote(struct smtp_wire *w, const char *bytes, size_t len);
/*
 * Bytes just read, before the library looks at them. Extensions that it has but must not use are
 * defaced in place. On a breach the bytes must not be parsed.
 */
enum smtp_breach smtp_wire_read(struct smtp_wire *w, char *bytes, size_t len);
/* The TLS handshake succeeded. */
void smtp_wire_secured(struct smtp_wire *w);
/* The message was handed over to its end; the dot follows. */
void smtp_wire_body_sent(struct smtp_wire *w);

/* The reply that decides about the present message; null when none has come. */
const struct smtp_reply *smtp_wire_verdict(const struct smtp_wire *w, enum smtp_verb *ret_verb);
/* The refusal that kept the session from its first message; null when there was none. */
const struct smtp_reply *smtp_wire_refusal(const struct smtp_wire *w, enum smtp_verb *ret_verb);
/* "MAIL FROM", "the message", … for sentences. */
const char *smtp_verb_name(enum smtp_verb verb);
const char *smtp_breach_text(enum smtp_breach breach);
