#include "providers/smtp/smtp_classify.h"

#include "base/utf8.h"

#include <stdio.h>

#define ON(verb)    (1u << (verb))
#define BEFORE_MAIL (ON(SMTP_GREETING) | ON(SMTP_EHLO) | ON(SMTP_STARTTLS))
#define MESSAGE     (ON(SMTP_MAIL) | ON(SMTP_RCPT) | ON(SMTP_DATA) | ON(SMTP_BODY))

/*
 * The first row that fits decides (RFC 5321 §4.2, RFC 3463, RFC 4954 §6). Enhanced codes tell whose
 * fault it is better than the verb does. A 5xx to MAIL condemns our sender or our login, which all
 * messages share; one to RCPT or later condemns this message, unless it names us: many relays keep
 * what they think of the client and the sender until RCPT.
 */
static const struct {
    unsigned verbs;
    int from;
    int to;
    const char *enhanced; /* subject and detail, "7.*" for any detail, null for any code or none */
    enum outcome_class class;
} rules[] = {
    {ON(SMTP_BODY), 200, 299, NULL, OUTCOME_SENT},
    {BEFORE_MAIL, 200, 599, NULL, OUTCOME_DOWN},
    {ON(SMTP_AUTH), 500, 599, NULL, OUTCOME_ACCOUNT},
    {ON(SMTP_AUTH), 200, 499, NULL, OUTCOME_DOWN},
    {ON(SMTP_MAIL), 400, 499, "7.*", OUTCOME_THROTTLED}, /* our rate or reputation, for now */
    {MESSAGE, 421, 421, "7.*", OUTCOME_THROTTLED},
    {ON(SMTP_MAIL), 421, 421, NULL, OUTCOME_DOWN},
    {MESSAGE, 530, 530, NULL, OUTCOME_ACCOUNT}, /* login required, or STARTTLS */
    {MESSAGE, 535, 535, NULL, OUTCOME_ACCOUNT},
    {MESSAGE, 538, 538, NULL, OUTCOME_ACCOUNT},
    {MESSAGE, 500, 599, "1.7", OUTCOME_ACCOUNT},       /* our sender address is malformed */
    {MESSAGE, 500, 599, "1.8", OUTCOME_ACCOUNT},       /* and its domain does not exist */
    {MESSAGE, 500, 599, "7.8", OUTCOME_ACCOUNT},       /* wrong credentials */
    {MESSAGE, 500, 599, "7.9", OUTCOME_ACCOUNT},       /* login too weak */
    {MESSAGE, 500, 599, "7.11", OUTCOME_ACCOUNT},      /* encryption needed for the login */
    {MESSAGE, 500, 599, "7.12", OUTCOME_ACCOUNT},      /* password change needed */
    {MESSAGE, 500, 599, "7.13", OUTCOME_ACCOUNT},      /* account disabled */
    {MESSAGE, 500, 599, "7.14", OUTCOME_ACCOUNT},      /* trust relationship needed */
    {MESSAGE, 500, 599, "7.20", OUTCOME_ACCOUNT},      /* no DKIM signature that passes */
    {MESSAGE, 500, 599, "7.21", OUTCOME_ACCOUNT},      /* none that is acceptable */
    {MESSAGE, 500, 599, "7.22", OUTCOME_ACCOUNT},      /* none of the author's domain */
    {MESSAGE, 500, 599, "7.23", OUTCOME_ACCOUNT},      /* SPF failed */
    {MESSAGE, 500, 599, "7.25", OUTCOME_ACCOUNT},      /* our address has no name */
    {MESSAGE, 500, 599, "7.26", OUTCOME_ACCOUNT},      /* several proofs of origin failed */
    {MESSAGE, 500, 599, "7.27", OUTCOME_ACCOUNT},      /* our sender takes no mail */
    {ON(SMTP_MAIL), 552, 552, NULL, OUTCOME_REJECTED}, /* SIZE, RFC 1870 §6.1 */
    {ON(SMTP_MAIL), 500, 599, "3.4", OUTCOME_REJECTED},
    {ON(SMTP_MAIL), 500, 599, NULL, OUTCOME_ACCOUNT},
    {MESSAGE, 500, 599, "2.2", OUTCOME_RETRY}, /* a full mailbox is emptied one day */
    {MESSAGE, 400, 499, NULL, OUTCOME_RETRY},
    {MESSAGE, 500, 599, NULL, OUTCOME_REJECTED},
};

/* "5.7.8" against "7.8"; the first digit is the reply's own (RFC 2034 §4). */
static bool is_about(const char *enhanced, const char *pattern)
{
    size_t n;

    if (pattern == NULL || enhanced[0] == '\0' || enhanced[1] != '.') {
        return pattern == NULL;
    }
    n = strlen(pattern);
    return pattern[n - 1] == '*' ? strncmp(enhanced + 2, pattern, n - 1) == 0
                                 : strcmp(enhanced + 2, pattern) == 0;
}

static enum outcome_class class_of(const struct smtp_ending *ending)
{
    const struct smtp_reply *r = ending->reply;

    for (size_t i = 0; r != NULL && i < sizeof rules / sizeof rules[0]; i++) {
        if ((rules[i].verbs & ON(ending->verb)) != 0 && r->code >= rules[i].from &&
            r->code <= rules[i].to && is_about(r->enhanced, rules[i].enhanced)) {
            return rules[i].class;
        }
    }
    return ending->dot_sent ? OUTCOME_UNKNOWN : OUTCOME_DOWN;
}

/* Copies text with every word that holds an "@" replaced: relays quote the recipient. */
static void mask_mailboxes(char *dst, size_t cap, const char *text)
{
    size_t at = 0;

    while (*text != '\0' && at + 1 < cap) {
        size_t n = strcspn(text, " ");
        struct str word = {text, n};

        if (memchr(text, '@', n) != NULL) {
            word = STR("<...>");
        }
        utf8_copy(dst + at, cap - at, word);
        at += strlen(dst + at);
        text += n;
        while (*text == ' ') {
            text++;
        }
        if (*text != '\0' && at + 1 < cap) {
            dst[at++] = ' ';
        }
    }
    dst[at] = '\0';
}

void smtp_classify(const struct smtp_ending *ending, struct outcome *ret_outcome)
{
    const struct smtp_reply *r = ending->reply;
    enum outcome_class class = class_of(ending);
    char code[20];
    char words[SMTP_REPLY_TEXT];

    if (r == NULL || r->code == 0) {
        outcome_set(ret_outcome, class, ending->why_code, "%s", ending->why);
        return;
    }
    /* Many relays end a session after so many messages; that costs the next one nothing. */
    if (ending->verb == SMTP_MAIL && r->code == 421 && ending->served) {
        class = OUTCOME_UNTOUCHED;
    }
    (void)snprintf(code, sizeof code, "%d%s%s", r->code, r->enhanced[0] == '\0' ? "" : " ",
                   r->enhanced);
    mask_mailboxes(words, sizeof words, r->text);
    outcome_set(ret_outcome, class, code, "%s: %s", smtp_verb_name(ending->verb), words);
}
