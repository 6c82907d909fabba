#include "text/lint_words.h"

#include "base/utf8.h"
#include "domain/tckn.h"
#include "text/turkish.h"

enum { ELEMENT_NAME_MAX = 16, ELEMENT_DEPTH_MAX = 64 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '|';
}

static bool is_around(char c)
{
    return strchr(".,;:!?()\"'<>", c) != NULL;
}

static struct str bare(struct str word)
{
    while (word.len > 0 && is_around(word.ptr[0]))
        word = (struct str){word.ptr + 1, word.len - 1};
    while (word.len > 0 && is_around(word.ptr[word.len - 1]))
        word.len--;
    return word;
}

void lint_words(struct str text, void (*fn)(void *ctx, struct str word), void *ctx)
{
    for (size_t i = 0; i < text.len;) {
        size_t from = i;
        while (i < text.len && !is_blank(text.ptr[i]))
            i++;
        struct str word = bare((struct str){text.ptr + from, i - from});
        if (word.len > 0)
            fn(ctx, word);
        i++;
    }
}

/* The last label of a host of which links are made by phones: letters only, two to six. */
static bool has_domain(struct str host)
{
    const char *dot = memrchr(host.ptr, '.', host.len);
    size_t n = dot == NULL ? 0 : host.len - (size_t)(dot + 1 - host.ptr);
    if (n < 2 || n > 7 || dot == host.ptr)
        return false;
    for (size_t i = host.len - n; i < host.len; i++)
        if (!ascii_alpha(host.ptr[i]))
            return false;
    return true;
}

bool lint_is_address(struct str word)
{
    if (str_starts(word, "https://") || str_starts(word, "http://"))
        return true;
    if (memchr(word.ptr, '@', word.len) != NULL)
        return false;
    size_t n = 0;
    while (n < word.len && (ascii_alnum(word.ptr[n]) || word.ptr[n] == '.' || word.ptr[n] == '-'))
        n++;
    bool ends = n == word.len || word.ptr[n] == '/' || word.ptr[n] == '?' || word.ptr[n] == ':';
    return ends && n > 3 && has_domain((struct str){word.ptr, n});
}

bool lint_is_identity_number(struct str word)
{
    return word.len == 11 && tckn_check(word) == TCKN_OK;
}

bool lint_is_coarse(struct str word)
{
    char room[64];
    struct buf low = {.data = room, .cap = sizeof(room), .max = sizeof(room) - 1};
    room[0] = '\0';
    if (word.len > 6) {
        size_t n = 6;
        while (((unsigned char)word.ptr[n] & 0xC0) == 0x80)
            n--;
        word.len = n;
    }
    (void)tr_lower(word, &low);
    struct str s = {buf_cstr(&low), low.len};
    return str_starts(s, "sık") || str_starts(s, "şik") || str_starts(s, "sik");
}

size_t lint_chars(struct str s)
{
    return utf8_count(s);
}

/* Elements that have no end. */
static bool is_void(const char *name)
{
    static const char *const names[] = {"br", "hr", "img", "meta", "link", "input", "!doctype"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static void element_name(struct str tag, char out[ELEMENT_NAME_MAX])
{
    size_t n = 0;
    while (n < tag.len && n < ELEMENT_NAME_MAX - 1 &&
           (ascii_alnum(tag.ptr[n]) || tag.ptr[n] == '!'))
        n++;
    for (size_t i = 0; i < n; i++)
        out[i] = ascii_lower(tag.ptr[i]);
    out[n] = '\0';
}

/* The end of a tag, over quoted values; null when it is not closed. */
static const char *tag_end(const char *p, const char *end)
{
    char quote = 0;
    for (; p < end; p++) {
        if (quote != 0)
            quote = *p == quote ? 0 : quote;
        else if (*p == '"' || *p == '\'')
            quote = *p;
        else if (*p == '>')
            return p;
    }
    return NULL;
}

const char *lint_unbalanced(struct str html)
{
    static _Thread_local char open[ELEMENT_DEPTH_MAX][ELEMENT_NAME_MAX];
    static _Thread_local char name[ELEMENT_NAME_MAX];
    size_t depth = 0;
    const char *end = html.ptr + html.len;
    const char *p = html.ptr;
    while ((p = memchr(p, '<', (size_t)(end - p))) != NULL) {
        const char *close = tag_end(p, end);
        bool ending = p + 1 < end && p[1] == '/';
        const char *from = p + (ending ? 2 : 1);
        if (close == NULL || from > close)
            return "<";
        element_name((struct str){from, (size_t)(close - from)}, name);
        p = close + 1;
        if (ending) {
            if (depth == 0 || strcmp(open[depth - 1], name) != 0)
                return name;
            depth--;
        } else if (!is_void(name)) {
            if (depth == ELEMENT_DEPTH_MAX)
                return name;
            memcpy(open[depth++], name, ELEMENT_NAME_MAX);
        }
    }
    return depth == 0 ? NULL : open[depth - 1];
}
