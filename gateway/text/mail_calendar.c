#include "base/civil.h"
#include "text/mail.h"

enum { FOLD_AT = 75 }; /* octets of a content line, RFC 5545 §3.1 */

static void add_folded(struct str line, struct buf *out)
{
    size_t room = FOLD_AT;
    while (line.len > room) {
        size_t n = room;
        while (n > 1 && ((unsigned char)line.ptr[n] & 0xC0) == 0x80)
            n--;
        (void)buf_add(out, line.ptr, n);
        (void)buf_adds(out, "\r\n ");
        line = (struct str){line.ptr + n, line.len - n};
        room = FOLD_AT - 1;
    }
    (void)buf_add(out, line.ptr, line.len);
    (void)buf_adds(out, "\r\n");
}

/* RFC 5545 §3.3.11; control characters but line ends are left out. */
static void escape(struct str s, struct buf *out)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '\n') {
            (void)buf_adds(out, "\\n");
            continue;
        }
        if ((unsigned char)c < 0x20 || c == 0x7F)
            continue;
        if (c == '\\' || c == ';' || c == ',')
            (void)buf_addc(out, '\\');
        (void)buf_addc(out, c);
    }
}

static void add_property(const char *name, struct str value, struct buf *line, struct buf *out)
{
    buf_reset(line);
    (void)buf_adds(line, name);
    (void)buf_addc(line, ':');
    escape(value, line);
    add_folded((struct str){buf_cstr(line), line->len}, out);
}

static void add_day(const char *name, int64_t day, struct buf *out)
{
    struct civil c;
    civil_from_days(day, &c);
    (void)buf_addf(out, "%s;VALUE=DATE:%04d%02d%02d\r\n", name, c.year, c.month, c.day);
}

static void add_stamp(int64_t ms, struct buf *out)
{
    struct civil c;
    civil_from_ms(ms, &c);
    (void)buf_addf(out, "DTSTAMP:%04d%02d%02dT%02d%02d%02dZ\r\n", c.year, c.month, c.day, c.hour,
                   c.minute, c.second);
}

int mail_calendar(struct str uid, int64_t stamp_ms, int64_t day, struct str summary,
                  struct str description, struct buf *out)
{
    struct buf line;
    buf_init(&line, out->max);
    (void)buf_adds(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Hatirlat//TR\r\n"
                        "CALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\nBEGIN:VEVENT\r\n");
    add_property("UID", uid, &line, out);
    add_stamp(stamp_ms, out);
    add_day("DTSTART", day, out);
    add_day("DTEND", day + 1, out);
    add_property("SUMMARY", summary, &line, out);
    add_property("DESCRIPTION", description, &line, out);
    (void)buf_adds(out, "TRANSP:TRANSPARENT\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
    int rc = buf_failed(&line) != 0 ? buf_failed(&line) : buf_failed(out);
    buf_finish(&line);
    return rc;
}
