#include "simulate/request.h"

#include "base/codec.h"
#include "base/utf8.h"
#include "simulate/xml.h"

#include <stdlib.h>

enum { DOCUMENT_MAX = 24 << 20, FIELD_MAX = 1 << 20, SEGMENT_MAX = 256 };

static const struct json_limits limits = {.bytes = DOCUMENT_MAX, .depth = 40, .keys = 128};

/* The next part of rest before mark; false when there is none. */
static bool next_part(struct str *rest, char mark, struct str *ret)
{
    const char *at;

    if (rest->ptr == NULL) {
        return false;
    }
    at = rest->len == 0 ? NULL : memchr(rest->ptr, mark, rest->len);
    if (at == NULL) {
        *ret = *rest;
        *rest = (struct str){NULL, 0};
        return true;
    }
    *ret = (struct str){rest->ptr, (size_t)(at - rest->ptr)};
    *rest = (struct str){at + 1, rest->len - ret->len - 1};
    return true;
}

/* "{name}.json" for "SM1.json": the name, and "SM1". */
static bool placeholder(struct str wanted, struct str part, struct str *ret_name,
                        struct str *ret_value)
{
    const char *close =
        wanted.len < 3 || wanted.ptr[0] != '{' ? NULL : memchr(wanted.ptr, '}', wanted.len);
    struct str tail;

    if (close == NULL) {
        return false;
    }
    tail = (struct str){close + 1, wanted.len - (size_t)(close + 1 - wanted.ptr)};
    *ret_name = (struct str){wanted.ptr + 1, (size_t)(close - wanted.ptr) - 1};
    *ret_value = (struct str){part.ptr, part.len - tail.len};
    return part.len > tail.len &&
           str_eq(tail, (struct str){part.ptr + part.len - tail.len, tail.len});
}

bool sim_path_fits(const char *pattern, struct str path)
{
    struct str wanted = str_of(pattern);
    struct str a;
    struct str b;
    struct str name;
    struct str value;

    while (next_part(&wanted, '/', &a)) {
        if (!next_part(&path, '/', &b) || (!placeholder(a, b, &name, &value) && !str_eq(a, b))) {
            return false;
        }
    }
    return path.ptr == NULL;
}

static void put(struct json_writer *w, struct str name, struct str value)
{
    char key[SEGMENT_MAX];

    if (str_copy(key, sizeof(key), name) == 0) {
        jsonw_put_str(w, key, value);
    }
}

static void write_path(const struct sim_raw_request *raw, struct json_writer *w)
{
    struct str wanted = str_of(raw->pattern);
    struct str path = raw->path;
    struct str a;
    struct str b;
    struct str name;
    struct str value;

    jsonw_object(w);
    while (next_part(&wanted, '/', &a) && next_part(&path, '/', &b)) {
        if (placeholder(a, b, &name, &value)) {
            put(w, name, value);
        }
    }
    jsonw_end_object(w);
}

/* ISO-8859-9 is ISO-8859-1 with six letters replaced. */
static uint32_t latin5(unsigned char byte)
{
    switch (byte) {
    case 0xD0:
        return 0x11E;
    case 0xDD:
        return 0x130;
    case 0xDE:
        return 0x15E;
    case 0xF0:
        return 0x11F;
    case 0xFD:
        return 0x131;
    case 0xFE:
        return 0x15F;
    default:
        return byte;
    }
}

static int to_utf8(enum sim_charset charset, struct str s, struct buf *out)
{
    if (charset == SIM_UTF8) {
        return buf_add(out, s.ptr, s.len);
    }
    for (size_t i = 0; i < s.len; i++) {
        char bytes[4];
        size_t n = utf8_encode(latin5((unsigned char)s.ptr[i]), bytes);

        (void)buf_add(out, bytes, n);
    }
    return buf_failed(out);
}

/* application/x-www-form-urlencoded: "+" is a blank. */
static int decode(enum sim_charset charset, struct str s, struct buf *out)
{
    struct buf spaced;
    struct buf bytes;
    int code;

    buf_init(&spaced, FIELD_MAX);
    buf_init(&bytes, FIELD_MAX);
    (void)buf_add(&spaced, s.ptr, s.len);
    for (size_t i = 0; i < spaced.len; i++) {
        spaced.data[i] = spaced.data[i] == '+' ? ' ' : spaced.data[i];
    }
    code = buf_failed(&spaced);
    code = code != 0 ? code : codec_percent_decode(&bytes, (struct str){spaced.data, spaced.len});
    code = code != 0 ? code : to_utf8(charset, (struct str){bytes.data, bytes.len}, out);
    buf_finish(&spaced);
    buf_finish(&bytes);
    return code;
}

struct names {
    struct str list[SIM_FIELDS_MAX];
    size_t count;
};

static bool seen(struct names *names, struct str name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (str_eq(names->list[i], name)) {
            return true;
        }
    }
    names->list[names->count++] = name;
    return false;
}

static int write_field(enum sim_charset charset, struct str name, struct str value,
                       struct json_writer *w)
{
    struct buf decoded[2];
    int code;

    buf_init(&decoded[0], FIELD_MAX);
    buf_init(&decoded[1], FIELD_MAX);
    code = decode(SIM_UTF8, name, &decoded[0]);
    code = code != 0 ? code : decode(charset, value, &decoded[1]);
    if (code == 0) {
        put(w, (struct str){decoded[0].data, decoded[0].len},
            (struct str){decoded[1].data == NULL ? "" : decoded[1].data, decoded[1].len});
    }
    buf_finish(&decoded[0]);
    buf_finish(&decoded[1]);
    return code;
}

/* The first field of a name counts. */
static int write_fields(enum sim_charset charset, struct str s, struct json_writer *w,
                        struct err *e)
{
    struct names names = {.count = 0};
    struct str field;
    struct str name;
    int code = 0;

    jsonw_object(w);
    while (code == 0 && next_part(&s, '&', &field)) {
        if (field.len == 0 || !next_part(&field, '=', &name) || name.len == 0) {
            continue;
        }
        if (names.count == SIM_FIELDS_MAX) {
            code = ERR_LIMIT;
        } else if (!seen(&names, name)) {
            code = write_field(charset, name, field, w);
        }
    }
    jsonw_end_object(w);
    return code == 0 ? 0
                     : err_set(e, code, "a field is not percent-encoded, or there are too many");
}

static int base64_value(char c)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c == '\0' ? NULL : strchr(alphabet, c);

    return at == NULL ? -1 : (int)(at - alphabet);
}

static void base64_decode(struct str s, struct buf *out)
{
    unsigned bits = 0;
    unsigned have = 0;

    for (size_t i = 0; i < s.len && base64_value(s.ptr[i]) >= 0; i++) {
        bits = (bits << 6 | (unsigned)base64_value(s.ptr[i])) & 0xFFFFFF;
        have += 6;
        if (have >= 8) {
            have -= 8;
            (void)buf_addc(out, (char)(bits >> have & 0xFF));
        }
    }
}

/* RFC 7617. */
static void write_auth(struct str header, struct json_writer *w)
{
    struct buf plain;

    buf_init(&plain, 2048);
    jsonw_object(w);
    if (header.len > 6 && str_ieq((struct str){header.ptr, 6}, STR("Basic "))) {
        struct str user;
        struct str rest;

        base64_decode(str_trim((struct str){header.ptr + 6, header.len - 6}), &plain);
        rest = (struct str){buf_cstr(&plain), plain.len};
        if (utf8_clean_line(rest) && next_part(&rest, ':', &user) && rest.ptr != NULL) {
            jsonw_put_str(w, "user", user);
            jsonw_put_str(w, "password", rest);
        }
    }
    jsonw_end_object(w);
    buf_finish(&plain);
}

static int write_json(struct str body, struct json_writer *w, struct err *e)
{
    struct json_doc *doc = NULL;
    int code = json_parse(body, 0, &limits, &doc, NULL, e);

    if (code == 0) {
        jsonw_value(w, json_root(doc));
        json_free(doc);
    }
    return code;
}

static int write_body(const struct sim_raw_request *raw, struct json_writer *w, struct err *e)
{
    switch (raw->form) {
    case SIM_BODY_JSON:
        return write_json(raw->body, w, e);
    case SIM_BODY_FORM:
        return write_fields(raw->charset, raw->body, w, e);
    case SIM_BODY_XML:
        return xml_to_json(raw->body, w, e);
    case SIM_BODY_NONE:
        break;
    }
    jsonw_null(w);
    return 0;
}

int sim_request_read(const struct sim_raw_request *raw, struct json_doc **ret, struct err *e)
{
    struct json_writer w;
    struct buf text;
    int code;

    buf_init(&text, DOCUMENT_MAX);
    jsonw_init(&w, &text);
    jsonw_object(&w);
    jsonw_put(&w, "method", raw->method);
    jsonw_put_str(&w, "type", raw->content_type.ptr == NULL ? STR("") : raw->content_type);
    jsonw_key(&w, "path");
    write_path(raw, &w);
    jsonw_key(&w, "auth");
    write_auth(raw->authorization, &w);
    jsonw_key(&w, "query");
    code = write_fields(raw->charset, raw->query, &w, e);
    jsonw_key(&w, "body");
    code = code != 0 ? code : write_body(raw, &w, e);
    jsonw_end_object(&w);
    code = code != 0 ? code : buf_failed(&text);
    code =
        code != 0 ? code : json_parse((struct str){text.data, text.len}, 0, &limits, ret, NULL, e);
    buf_finish(&text);
    return code;
}
