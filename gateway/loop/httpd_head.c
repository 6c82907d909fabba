#include "loop/httpd_head.h"

#include "base/err.h"

/* Not <netinet/tcp.h>: its tcp_info is older than the counter of bytes received. */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum { VERSION_LEN = 8 };

static bool token_char(char c)
{
    return ascii_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

bool http_token(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!token_char(s.ptr[i])) {
            return false;
        }
    }
    return s.len > 0;
}

static bool value_char(char c)
{
    unsigned char u = (unsigned char)c;

    return u == '\t' || (u >= 0x20 && u != 0x7f);
}

/* Two NULs stand where CR LF was. */
static bool take_line_end(struct str *s)
{
    if (s->len < 2 || s->ptr[0] != '\0' || s->ptr[1] != '\0') {
        return false;
    }
    s->ptr += 2;
    s->len -= 2;
    return true;
}

static size_t run_of(struct str s, bool (*fits)(char c))
{
    size_t n = 0;

    while (n < s.len && fits(s.ptr[n])) {
        n++;
    }
    return n;
}

static bool take_field(struct str *s)
{
    size_t name = run_of(*s, token_char);

    if (name == 0 || name == s->len || s->ptr[name] != '\0') {
        return false;
    }
    s->ptr += name + 1;
    s->len -= name + 1;

    size_t value = run_of(*s, value_char);

    s->ptr += value;
    s->len -= value;
    return take_line_end(s);
}

bool http_head_strict(struct str head, size_t *ret_fields)
{
    *ret_fields = 0;
    if (head.len < VERSION_LEN) {
        return false;
    }
    head.ptr += VERSION_LEN;
    head.len -= VERSION_LEN;
    if (!take_line_end(&head)) {
        return false;
    }
    while (head.len > 0 && head.ptr[0] != '\0') {
        if (!take_field(&head)) {
            return false;
        }
        *ret_fields += 1;
    }
    return take_line_end(&head) && head.len == 0;
}

bool http_request_id_sane(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (c <= ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>') {
            return false;
        }
    }
    return s.len > 0 && s.len <= 64;
}

int http_content_length(struct str s, int64_t *ret_length)
{
    int64_t n = 0;

    if (s.len == 0 || s.len > 18) {
        return ERR_INVALID;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_digit(s.ptr[i])) {
            return ERR_INVALID;
        }
        n = n * 10 + (s.ptr[i] - '0');
    }
    *ret_length = n;
    return 0;
}

bool http_heard_anything(int fd)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof info;

    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 && info.tcpi_bytes_received > 0;
}
