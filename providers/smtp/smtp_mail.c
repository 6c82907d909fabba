#include "providers/smtp/smtp_mail.h"

#include "base/utf8.h"

bool smtp_host_ok(const char *host)
{
    size_t n = 0;

    for (; host[n] != '\0'; n++) {
        if (!ascii_alnum(host[n]) && host[n] != '.' && host[n] != '-') {
            return false;
        }
    }
    return n > 0 && n <= 253 && host[0] != '.' && host[0] != '-';
}

static bool mailbox_ok(const char *mailbox, unsigned beyond)
{
    size_t n = 0;
    size_t at = 0;
    size_t ats = 0;

    for (; n < 255 && mailbox[n] != '\0'; n++) {
        bool plain = mailbox[n] > ' ' && mailbox[n] <= '~';

        if ((!plain && (unsigned char)mailbox[n] < beyond) ||
            strchr("<>\"\\(),;:[]", mailbox[n]) != NULL) {
            return false;
        }
        if (mailbox[n] == '@') {
            at = n;
            ats++;
        }
    }
    return n <= 254 && ats == 1 && at > 0 && at <= 64 && at + 1 < n;
}

bool smtp_mailbox_ok(const char *mailbox)
{
    return mailbox_ok(mailbox, 0x100);
}

bool smtp_mailbox_utf8_ok(const char *mailbox)
{
    return mailbox_ok(mailbox, 0x80) && utf8_clean_line(str_of(mailbox));
}

bool smtp_beyond_ascii(const char *text)
{
    return smtp_mail_8bit(str_of(text));
}

const char *smtp_mail_fault(struct str mail)
{
    if (mail.len == 0) {
        return "the message is empty";
    }
    if (memchr(mail.ptr, '\0', mail.len) != NULL) {
        return "the message holds a NUL byte";
    }
    while (mail.len > 0) {
        const char *end = memchr(mail.ptr, '\n', mail.len);
        size_t used = end == NULL ? mail.len : (size_t)(end + 1 - mail.ptr);
        const char *cr = memchr(mail.ptr, '\r', used);

        if (end == NULL ? cr != NULL : cr == NULL || cr + 1 != end) {
            return "the message holds a bare line break";
        }
        if (used - (end == NULL ? 0 : 2) > SMTP_LINE_MAX) {
            return "the message has a line of more than 998 bytes";
        }
        mail.ptr += used;
        mail.len -= used;
    }
    return NULL;
}

bool smtp_mail_8bit(struct str mail)
{
    uint64_t seen = 0;
    size_t i = 0;

    for (; i + sizeof seen <= mail.len; i += sizeof seen) {
        uint64_t word;

        memcpy(&word, mail.ptr + i, sizeof word);
        seen |= word;
    }
    for (; i < mail.len; i++) {
        seen |= (unsigned char)mail.ptr[i];
    }
    return (seen & 0x8080808080808080u) != 0;
}

const char *smtp_job_fault(const struct provider_job *job, const char *from, bool utf8)
{
    bool (*ok)(const char *) = utf8 ? smtp_mailbox_utf8_ok : smtp_mailbox_ok;

    if (job->channel != CHANNEL_EMAIL || job->to == NULL || job->mail == NULL) {
        return "not an e-mail";
    }
    if (!ok(job->to)) {
        return "the recipient is not a plain mailbox";
    }
    if (!ok(from)) {
        return "the sender is not a plain mailbox";
    }
    return smtp_mail_fault((struct str){job->mail, job->mail_len});
}

bool smtp_health_of(const struct outcome *o, enum provider_health *ret_health)
{
    if (o->class == OUTCOME_ACCOUNT) {
        *ret_health = PROVIDER_BROKEN;
    } else if (o->class == OUTCOME_DOWN) {
        *ret_health = strcmp(o->code, "tls") == 0 ? PROVIDER_BROKEN : PROVIDER_DEGRADED;
    } else {
        *ret_health = PROVIDER_HEALTHY;
        return o->class == OUTCOME_SENT || o->class == OUTCOME_REJECTED;
    }
    return true;
}
