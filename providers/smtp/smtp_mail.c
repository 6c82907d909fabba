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
    size_t line = 0;

    if (mail.len == 0) {
        return "the message is empty";
    }
    for (size_t i = 0; i < mail.len; i++) {
        char c = mail.ptr[i];

        if (c == '\0') {
            return "the message holds a NUL byte";
        }
        if (c == '\r' && i + 1 < mail.len && mail.ptr[i + 1] == '\n') {
            line = 0;
            i++;
            continue;
        }
        if (c == '\r' || c == '\n') {
            return "the message holds a bare line break";
        }
        if (++line > SMTP_LINE_MAX) {
            return "the message has a line of more than 998 bytes";
        }
    }
    return NULL;
}

bool smtp_mail_8bit(struct str mail)
{
    for (size_t i = 0; i < mail.len; i++) {
        if ((unsigned char)mail.ptr[i] > 127) {
            return true;
        }
    }
    return false;
}
