#include "text/mail.h"

#include "base/civil.h"
#include "base/utf8.h"
#include "text/mail_encode.h"

#include <inttypes.h>

enum { ADDRESS_MAX = 254, ID_MAX = 240, ZONE_MS = 3 * 3600 * 1000, FILE_PIECE = 60 };

static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static int refuse(struct err *e, const char *what, const char *why)
{
    return err_set(e, ERR_INVALID, "mail: %s %s", what, why);
}

/* Text of a header: nothing in it can end the line. */
static int check_text(struct str s, const char *what, struct err *e)
{
    if (s.len > MAIL_HEADER_MAX)
        return err_set(e, ERR_LIMIT, "mail: %s is longer than %d bytes", what, MAIL_HEADER_MAX);
    if (!utf8_clean_line(s))
        return refuse(e, what, "holds control characters or broken UTF-8");
    return 0;
}

/* Graphic ASCII without blanks, angle brackets and what would end an address; one "@" inside. */
static bool looks_like_address(struct str s, size_t max)
{
    const char *at = s.len == 0 ? NULL : memrchr(s.ptr, '@', s.len);
    if (at == NULL || s.len > max || at == s.ptr || at == s.ptr + s.len - 1)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= ' ' || s.ptr[i] > '~' || strchr("<>(),;:\\\"[]", s.ptr[i]) != NULL)
            return false;
    return memchr(s.ptr, '@', (size_t)(at - s.ptr)) == NULL;
}

static int check_address(const struct mail_address *a, const char *what, struct err *e)
{
    if (!looks_like_address(a->addr, ADDRESS_MAX))
        return refuse(e, what, "is not an address");
    return check_text(a->name, what, e);
}

static int check_id(struct str id, const char *what, struct err *e)
{
    return looks_like_address(id, ID_MAX) ? 0 : refuse(e, what, "is not a message id");
}

static int check_part(struct str part, const char *what, struct err *e)
{
    if (memchr(part.len == 0 ? "" : part.ptr, 0, part.len) != NULL || !utf8_valid(part))
        return refuse(e, what, "holds NUL or broken UTF-8");
    return 0;
}

static int check_addresses(const struct mail *m, struct err *e)
{
    int rc = check_address(&m->from, "From", e);
    if (rc == 0)
        rc = check_address(&m->to, "To", e);
    if (rc == 0 && m->reply_to.addr.len > 0)
        rc = check_address(&m->reply_to, "Reply-To", e);
    return rc;
}

static int check(const struct mail *m, struct err *e)
{
    int rc = check_addresses(m, e);
    if (rc == 0)
        rc = check_text(m->subject, "Subject", e);
    if (rc == 0)
        rc = check_id(m->message_id, "Message-ID", e);
    if (rc == 0 && m->references.len > 0)
        rc = check_id(m->references, "References", e);
    if (rc == 0)
        rc = check_part(m->text, "the text", e);
    if (rc == 0)
        rc = check_part(m->html, "the HTML part", e);
    if (rc == 0)
        rc = check_text(m->ics_name, "the file name", e);
    return rc;
}

/* Whether a line of a header may hold s as it is: short ASCII that nobody takes for a word. */
static bool is_simple(struct str s, const char *forbidden)
{
    if (s.len == 0 || s.len > 60 || s.ptr[0] == ' ' || s.ptr[s.len - 1] == ' ')
        return false;
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] > '~' || strchr(forbidden, s.ptr[i]) != NULL)
            return false;
    return memmem(s.ptr, s.len, "=?", 2) == NULL;
}

static void add_str(struct buf *out, struct str s)
{
    (void)buf_add(out, s.ptr, s.len);
}

static void add_subject(struct str subject, struct buf *out)
{
    (void)buf_adds(out, "Subject: ");
    if (is_simple(subject, ""))
        add_str(out, subject);
    else
        (void)mail_encode_words(subject, 9, out);
    (void)buf_adds(out, "\r\n");
}

/* RFC 5322 specials make a display name a quoted string; what a quoted string cannot hold plainly
 * becomes encoded words. */
static size_t add_name(struct str name, size_t column, struct buf *out)
{
    if (is_simple(name, "()<>[]:;@\\,.\"")) {
        add_str(out, name);
        return column + name.len;
    }
    if (!is_simple(name, "\"\\"))
        return mail_encode_words(name, column, out);
    (void)buf_addc(out, '"');
    add_str(out, name);
    (void)buf_addc(out, '"');
    return column + name.len + 2;
}

static void add_mailbox(const char *header, const struct mail_address *a, struct buf *out)
{
    size_t column = strlen(header) + 2;
    (void)buf_adds(out, header);
    (void)buf_adds(out, ": ");
    if (a->name.len == 0) {
        add_str(out, a->addr);
        (void)buf_adds(out, "\r\n");
        return;
    }
    column = add_name(a->name, column, out);
    (void)buf_adds(out, column + a->addr.len + 3 > MAIL_LINE_MAX ? "\r\n <" : " <");
    add_str(out, a->addr);
    (void)buf_adds(out, ">\r\n");
}

static void add_id(const char *header, struct str id, struct buf *out)
{
    (void)buf_adds(out, header);
    (void)buf_adds(out, ": <");
    add_str(out, id);
    (void)buf_adds(out, ">\r\n");
}

static void put2(char *at, int n)
{
    at[0] = (char)('0' + n / 10 % 10);
    at[1] = (char)('0' + n % 10);
}

/* RFC 5322 §3.3: "Date: Fri, 12 Feb 2027 09:00:00 +0300". */
static void add_date(int64_t utc_ms, struct buf *out)
{
    struct civil c;
    int64_t local = utc_ms + ZONE_MS;
    int64_t day = local / DAY_MS - (local % DAY_MS < 0);
    char line[] = "Date: Fri, 12 Feb 2027 09:00:00 +0300\r\n";
    civil_from_ms(local, &c);
    memcpy(line + 6, days[civil_weekday(day)], 3);
    put2(line + 11, c.day);
    memcpy(line + 14, months[c.month - 1], 3);
    put2(line + 18, c.year / 100);
    put2(line + 20, c.year % 100);
    put2(line + 23, c.hour);
    put2(line + 26, c.minute);
    put2(line + 29, c.second);
    (void)buf_add(out, line, sizeof(line) - 1);
}

static void add_headers(const struct mail *m, struct buf *out)
{
    add_mailbox("From", &m->from, out);
    if (m->reply_to.addr.len > 0)
        add_mailbox("Reply-To", &m->reply_to, out);
    add_mailbox("To", &m->to, out);
    add_subject(m->subject, out);
    add_date(m->date_ms, out);
    add_id("Message-ID", m->message_id, out);
    if (m->references.len > 0)
        add_id("References", m->references, out);
    (void)buf_adds(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n");
}

/* "=_" can stand neither in quoted-printable nor in base64, so no part can hold a boundary. */
static void make_boundary(struct str id, char level, char ret[24])
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < id.len; i++)
        h = (h ^ (unsigned char)id.ptr[i]) * 1099511628211u;
    memcpy(ret, "=_h", 3);
    ret[3] = level;
    for (int i = 0; i < 16; i++)
        ret[4 + i] = "0123456789abcdef"[h >> (60 - 4 * i) & 15];
    ret[20] = '\0';
}

static void add_multipart(const char *kind, const char *boundary, struct buf *out)
{
    (void)buf_adds(out, "Content-Type: multipart/");
    (void)buf_adds(out, kind);
    (void)buf_adds(out, ";\r\n boundary=\"");
    (void)buf_adds(out, boundary);
    (void)buf_adds(out, "\"\r\n");
}

/* The line end before a boundary belongs to it (RFC 2046 §5.1.1). */
static void add_boundary(const char *boundary, const char *end, struct buf *out)
{
    (void)buf_adds(out, "\r\n--");
    (void)buf_adds(out, boundary);
    (void)buf_adds(out, end);
}

static void add_text(const char *kind, struct str text, struct buf *out)
{
    (void)buf_adds(out, "Content-Type: text/");
    (void)buf_adds(out, kind);
    (void)buf_adds(out, "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n");
    (void)mail_encode_quoted(text, out);
}

static void add_body(const struct mail *m, struct buf *out)
{
    char boundary[24];
    if (m->html.len == 0) {
        add_text("plain", m->text, out);
        (void)buf_adds(out, "\r\n");
        return;
    }
    make_boundary(m->message_id, 'a', boundary);
    add_multipart("alternative", boundary, out);
    add_boundary(boundary, "\r\n", out);
    add_text("plain", m->text, out);
    add_boundary(boundary, "\r\n", out);
    add_text("html", m->html, out);
    add_boundary(boundary, "--\r\n", out);
}

/* Where an encoded value may be cut: not inside %XX. */
static size_t cut_extended(struct str s)
{
    size_t n = s.len < FILE_PIECE ? s.len : FILE_PIECE;
    if (n < s.len && s.ptr[n - 1] == '%')
        n -= 1;
    else if (n < s.len && s.ptr[n - 2] == '%')
        n -= 2;
    return n;
}

/* RFC 2231: "filename*=UTF-8''…", in numbered pieces when long. */
static void add_extended_name(struct str name, struct buf *out)
{
    struct buf all;
    buf_init(&all, 4 * MAIL_HEADER_MAX);
    (void)mail_encode_extended(name, &all);
    struct str rest = {buf_cstr(&all), all.len};
    bool whole = rest.len <= FILE_PIECE;
    for (int i = 0; rest.len > 0; i++) {
        size_t n = cut_extended(rest);
        if (whole)
            (void)buf_adds(out, "filename*=");
        else
            (void)buf_addf(out, "%sfilename*%d*=", i == 0 ? "" : ";\r\n ", i);
        (void)buf_add(out, rest.ptr, n);
        rest = (struct str){rest.ptr + n, rest.len - n};
    }
    if (buf_failed(&all) != 0)
        out->failed = buf_failed(&all);
    buf_finish(&all);
}

static void add_calendar(const struct mail *m, struct buf *out)
{
    struct str name = m->ics_name.len == 0 ? STR("e-imza.ics") : m->ics_name;
    (void)buf_adds(out, "Content-Type: text/calendar; charset=utf-8; method=PUBLISH\r\n"
                        "Content-Transfer-Encoding: base64\r\n"
                        "Content-Disposition: attachment;\r\n ");
    if (is_simple(name, "\"\\")) {
        (void)buf_adds(out, "filename=\"");
        add_str(out, name);
        (void)buf_adds(out, "\"");
    } else {
        add_extended_name(name, out);
    }
    (void)buf_adds(out, "\r\n\r\n");
    (void)mail_encode_base64(m->ics, out);
}

static void add_with_calendar(const struct mail *m, struct buf *out)
{
    char boundary[24];
    make_boundary(m->message_id, 'm', boundary);
    add_multipart("mixed", boundary, out);
    add_boundary(boundary, "\r\n", out);
    add_body(m, out);
    add_boundary(boundary, "\r\n", out);
    add_calendar(m, out);
    add_boundary(boundary, "--\r\n", out);
}

int mail_compose(const struct mail *m, struct buf *out, struct err *e)
{
    int rc = check(m, e);
    if (rc != 0)
        return rc;
    add_headers(m, out);
    if (m->ics.len > 0)
        add_with_calendar(m, out);
    else
        add_body(m, out);
    if (buf_failed(out) != 0)
        return err_set(e, buf_failed(out), "mail: the message does not fit in %zu bytes", out->max);
    return 0;
}
