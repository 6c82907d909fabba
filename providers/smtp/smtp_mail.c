#include "providers/smtp/smtp_mail.h"

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

bool smtp_mailbox_ok(const char *mailbox)
{
    size_t n = 0;
    size_t at = 0;
    size_t ats = 0;

    for (; n < 255 && mailbox[n] != '\0'; n++) {
        if (mailbox[n] <= ' ' || mailbox[n] > '~' || strchr("<>\"\\(),;:[]", mailbox[n]) != NULL) {
            return false;
        }
        if (mailbox[n] == '@') {
            at = n;
            ats++;
        }
    }
    return n <= 254 && ats == 1 && at > 0 && at <= 64 && at + 1 < n;
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
