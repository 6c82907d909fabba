/* Reports that a vendor pushes: whether they are the vendor's, and what they say. */
#include "base/codec.h"
#include "base/crypto.h"
#include "providers/recipe/judge.h"
#include "providers/recipe/row.h"

#include <stdlib.h>

enum { PARAMETERS_MAX = 64, CONTENT_BYTES_MAX = 300 * 1024, HEADER_NAME_MAX = 64 };

/* The secret in the address. */

static bool equal_in_constant_time(struct str a, struct str b)
{
    unsigned char hash_a[SHA256_SIZE];
    unsigned char hash_b[SHA256_SIZE];

    crypto_sha256(a, hash_a);
    crypto_sha256(b, hash_b);
    return crypto_equal(hash_a, hash_b, sizeof(hash_a));
}

static bool secret_is_right(const struct recipe_hook *rules, struct str query, struct str secret)
{
    char given[REPORT_FIELD_MAX];

    if (rules->secret == NULL || secret.len == 0) {
        return true;
    }
    recipe_parameter(query, rules->secret, given, sizeof(given));
    return equal_in_constant_time(str_of(given), secret);
}

/* The signature. */

/* A form's name and value, decoded, in the order of the names. */
struct parameter {
    size_t name;
    size_t value;
    size_t end;
};

struct parameters {
    struct buf text;
    struct parameter list[PARAMETERS_MAX];
    size_t count;
};

static int compare(const struct parameters *p, const struct parameter *a, const struct parameter *b)
{
    size_t len_a = a->value - a->name;
    size_t len_b = b->value - b->name;
    size_t shared = len_a < len_b ? len_a : len_b;
    int order = shared == 0 ? 0 : memcmp(p->text.data + a->name, p->text.data + b->name, shared);

    return order != 0 ? order : (len_a > len_b) - (len_a < len_b);
}

static int add_parameter(struct parameters *p, struct str pair)
{
    const char *equals = pair.len == 0 ? NULL : memchr(pair.ptr, '=', pair.len);
    size_t n = equals == NULL ? pair.len : (size_t)(equals - pair.ptr);
    struct parameter one = {.name = p->text.len};
    size_t at = p->count;

    if (p->count == PARAMETERS_MAX ||
        recipe_parameter_decode((struct str){pair.ptr, n}, &p->text) != 0) {
        return ERR_INVALID;
    }
    one.value = p->text.len;
    if (equals != NULL &&
        recipe_parameter_decode((struct str){equals + 1, pair.len - n - 1}, &p->text) != 0) {
        return ERR_INVALID;
    }
    one.end = p->text.len;
    while (at > 0 && compare(p, &one, &p->list[at - 1]) < 0) {
        p->list[at] = p->list[at - 1];
        at--;
    }
    p->list[at] = one;
    p->count++;
    return 0;
}

/* Names and values, sorted by name, without anything between them. */
static int add_sorted_form(struct str form, struct buf *out)
{
    struct parameters p = {.count = 0};
    int code = 0;

    buf_init(&p.text, CONTENT_BYTES_MAX);
    while (code == 0 && form.len > 0) {
        const char *end = memchr(form.ptr, '&', form.len);
        struct str pair = {form.ptr, end == NULL ? form.len : (size_t)(end - form.ptr)};

        code = pair.len == 0 ? 0 : add_parameter(&p, pair);
        form = end == NULL ? (struct str){NULL, 0} : (struct str){end + 1, form.len - pair.len - 1};
    }
    for (size_t i = 0; code == 0 && i < p.count; i++) {
        buf_add(out, p.text.data + p.list[i].name, p.list[i].end - p.list[i].name);
    }
    buf_finish(&p.text);
    return code;
}

static struct str header_of(const struct provider_hook *hook, struct str name)
{
    char text[HEADER_NAME_MAX];

    if (hook->header == NULL || str_copy(text, sizeof(text), name) != 0) {
        return (struct str){NULL, 0};
    }
    return hook->header(hook->request, text);
}

static int add_content(struct str name, const struct provider_hook *hook,
                       const struct hook_secrets *secrets, struct buf *out)
{
    struct str header;

    if (str_eqs(name, "url")) {
        buf_add(out, secrets->report_url.ptr, secrets->report_url.len);
        if (hook->query.len > 0) {
            buf_addc(out, '?');
            buf_add(out, hook->query.ptr, hook->query.len);
        }
    } else if (str_eqs(name, "query")) {
        buf_add(out, hook->query.ptr, hook->query.len);
    } else if (str_eqs(name, "body")) {
        buf_add(out, hook->body.ptr, hook->body.len);
    } else if (str_eqs(name, "form")) {
        return add_sorted_form(hook->body, out);
    } else if (str_starts(name, "header.") && name.len > 7) {
        header = header_of(hook, (struct str){name.ptr + 7, name.len - 7});
        buf_add(out, header.ptr, header.len);
    } else {
        return ERR_INVALID;
    }
    return 0;
}

static int expand_content(const char *content, const struct provider_hook *hook,
                          const struct hook_secrets *secrets, struct buf *out)
{
    struct str rest = str_of(content);
    int code = 0;

    while (code == 0 && rest.len > 0) {
        const char *open = memmem(rest.ptr, rest.len, "${", 2);
        size_t plain = open == NULL ? rest.len : (size_t)(open - rest.ptr);
        const char *close;

        buf_add(out, rest.ptr, plain);
        rest = (struct str){rest.ptr + plain, rest.len - plain};
        if (rest.len == 0) {
            break;
        }
        close = memchr(rest.ptr, '}', rest.len);
        if (close == NULL) {
            return ERR_INVALID;
        }
        code = add_content((struct str){rest.ptr + 2, (size_t)(close - rest.ptr) - 2}, hook,
                           secrets, out);
        rest = (struct str){close + 1, rest.len - (size_t)(close - rest.ptr) - 1};
    }
    return code != 0 ? code : buf_failed(out);
}

bool recipe_signature_valid(const char *content)
{
    const struct provider_hook hook = {.body = {NULL, 0}};
    const struct hook_secrets secrets = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    struct buf out;
    bool good;

    buf_init(&out, CONTENT_BYTES_MAX);
    good = expand_content(content, &hook, &secrets, &out) == 0;
    buf_finish(&out);
    return good;
}

static struct str signing_key(const struct recipe_signature *rules,
                              const struct hook_secrets *secrets)
{
    for (size_t i = 0; i < rules->keys.count; i++) {
        struct str key = strcmp(rules->keys.items[i], "password") == 0 ? secrets->password
                                                                       : secrets->report_secret;

        if (key.len > 0) {
            return key;
        }
    }
    return (struct str){NULL, 0};
}

bool recipe_signature_holds(const struct recipe_signature *rules, const struct provider_hook *hook,
                            const struct hook_secrets *secrets)
{
    struct str key = signing_key(rules, secrets);
    struct str given = header_of(hook, str_of(rules->header));
    unsigned char digest[CRYPTO_HMAC_MAX];
    struct buf content;
    struct buf expected;
    size_t n;
    bool holds = false;

    buf_init(&content, CONTENT_BYTES_MAX);
    buf_init(&expected, 128);
    if (key.len > 0 && given.len > 0 &&
        expand_content(rules->content, hook, secrets, &content) == 0) {
        n = crypto_hmac((enum crypto_digest)rules->digest, key,
                        (struct str){buf_cstr(&content), content.len}, digest);
        if (rules->encoding == SIGNATURE_HEX) {
            codec_hex(&expected, digest, n);
        } else {
            codec_base64(&expected, digest, n);
        }
        holds = buf_failed(&expected) == 0 &&
                equal_in_constant_time((struct str){expected.data, expected.len}, given);
    }
    buf_finish(&content);
    buf_finish(&expected);
    return holds;
}

/* The rows. */

static void take_parameters(struct row_batch *b, struct str parameters, struct str query)
{
    struct row_source source = {.kind = ROW_PARAMETERS, .text = parameters, .query = query};

    row_batch_take(b, &source);
}

static void take_json(struct row_batch *b, const char *place, struct str body, struct str query)
{
    struct recipe_reply reply;
    const struct json *rows;
    bool list;

    recipe_reply_init(&reply, 200, body, NULL);
    rows = reply.doc == NULL ? NULL : json_at(json_root(reply.doc), place == NULL ? "" : place);
    list = json_type(rows) == JSON_ARRAY;
    for (const struct json *v = list ? json_first(rows) : rows; v != NULL;
         v = list ? json_next(v) : NULL) {
        struct row_source source = {.kind = ROW_JSON, .json = v, .query = query};

        row_batch_take(b, &source);
    }
    row_batch_flush(b);
    recipe_reply_finish(&reply);
}

/* Some vendors let the account decide how they push. */
static enum recipe_hook_format format_of(const struct recipe_hook *rules,
                                         const struct provider_hook *hook)
{
    struct str body = str_trim(hook->body);

    if (rules->format != HOOK_ANY) {
        return (enum recipe_hook_format)rules->format;
    }
    if (body.len == 0) {
        return HOOK_QUERY;
    }
    return body.ptr[0] == '{' || body.ptr[0] == '[' ? HOOK_JSON : HOOK_FORM;
}

int recipe_hook_rows(const struct recipe *r, const struct provider_hook *hook,
                     const struct hook_secrets *secrets, const struct report_sink *sink,
                     struct err *e)
{
    const struct recipe_hook *rules = &r->hook;
    struct row_batch b;

    if (!r->has_hook) {
        return err_set(e, ERR_UNSUPPORTED, "this vendor's reports are not pushed");
    }
    if (!secret_is_right(rules, hook->query, secrets->report_secret)) {
        return err_set(e, ERR_DENIED, "the report does not carry the secret");
    }
    if (rules->has_signature && !recipe_signature_holds(&rules->signature, hook, secrets)) {
        return err_set(e, ERR_DENIED, "the report's signature is missing or wrong");
    }
    row_batch_init(&b, r, &rules->row, sink);
    switch (format_of(rules, hook)) {
    case HOOK_JSON:
        take_json(&b, rules->rows, hook->body, hook->query);
        break;
    case HOOK_FORM:
        take_parameters(&b, hook->body, hook->query);
        break;
    case HOOK_QUERY:
    case HOOK_ANY:
        take_parameters(&b, hook->query, STR(""));
        break;
    }
    row_batch_flush(&b);
    return b.understood > 0 ? 0 : err_set(e, ERR_INVALID, "the report cannot be understood");
}
