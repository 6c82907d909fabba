#include "base/option_read.h"

#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>

enum { LIST_MAX = 256, STRING_MAX = 4096 };

static const struct {
    const char *tr;
    const char *en;
    size_t size;
} types[] = {
    [OPTION_STRING] = {"metin", "a string", 0},
    [OPTION_BOOL] = {"true veya false", "true or false", sizeof(bool)},
    [OPTION_INT] = {"tam sayı", "a whole number", sizeof(int64_t)},
    [OPTION_DURATION] = {"süre, örnek \"30s\", \"15m\", \"4h\", \"3d\"",
                         "a duration such as \"30s\", \"15m\", \"4h\", \"3d\"", sizeof(int64_t)},
    [OPTION_ENUM] = {"seçeneklerden biri", "one of the choices", sizeof(int)},
    [OPTION_SECRET] = {"gizli değer", "a secret", 0},
    [OPTION_STRINGS] = {"metin listesi: [\"…\"]", "a list of strings: [\"…\"]", 0},
    [OPTION_INTS] = {"tam sayı listesi: [30, 7]", "a list of whole numbers: [30, 7]", 0},
    [OPTION_RATE] = {"hız, örnek \"10/s\", \"240/m\"", "a rate such as \"10/s\", \"240/m\"",
                     sizeof(struct option_rate)},
    [OPTION_CLOCKTIME] = {"\"SS:DD\", örnek \"20:00\"", "\"HH:MM\" such as \"20:00\"",
                          sizeof(int64_t)},
    [OPTION_OBJECT] = {"nesne: { … }", "an object: { … }", 0},
    [OPTION_RAW] = {"herhangi bir değer", "any value", sizeof(void *)},
    [OPTION_PATH] = {"dosya yolu", "a path", 0},
    [OPTION_SIZE] = {"boyut, örnek \"64KiB\", \"1MiB\"", "a size such as \"64KiB\", \"1MiB\"",
                     sizeof(int64_t)},
    [OPTION_URL] = {"adres, örnek \"https://ornek.gov.tr/\"",
                    "an address such as \"https://ornek.gov.tr/\"", 0},
};

const char *option_type_word(enum option_type type, bool turkish)
{
    return turkish ? types[type].tr : types[type].en;
}

size_t option_field_size(enum option_type type)
{
    return types[type].size;
}

void option_quote(struct str s, char out[OPTION_QUOTE_MAX + 4])
{
    size_t used = 0;
    uint32_t cp;

    while (s.len > 0) {
        size_t n = utf8_decode(s, &cp);

        if (n == 0 || used + n > OPTION_QUOTE_MAX) {
            break;
        }
        if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0)) {
            out[used++] = '?';
        } else {
            memcpy(out + used, s.ptr, n);
            used += n;
        }
        s.ptr += n;
        s.len -= n;
    }
    (void)snprintf(out + used, 4, "%s", s.len > 0 ? "…" : "");
}

static void wrong_type(struct reading *r, const struct option *o, const char *pointer)
{
    (void)faults_add(r->faults, pointer, "CFG-101", "yanlış tür; beklenen %1$s%2$.0s",
                     "wrong type; %1$.0sexpected %2$s", types[o->type].tr, types[o->type].en);
}

static void malformed(struct reading *r, const struct option *o, struct str text,
                      const char *pointer)
{
    char quoted[OPTION_QUOTE_MAX + 4];

    option_quote(text, quoted);
    (void)faults_add(r->faults, pointer, "CFG-104", "biçim yanlış: \"%1$s\"; beklenen %2$s%3$.0s",
                     "malformed: \"%1$s\"; %2$.0sexpected %3$s", quoted, types[o->type].tr,
                     types[o->type].en);
}

static void no_memory(struct reading *r, const char *pointer)
{
    (void)faults_add(r->faults, pointer, "CFG-900", "bellek yetmedi", "out of memory");
}

/* A bound in the notation of its type. */
static void write_bound(enum option_type type, int64_t n, char out[32])
{
    static const struct {
        int64_t unit;
        const char *name;
    } durations[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}},
      sizes[] = {{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}, {1, ""}};
    bool is_size = type == OPTION_SIZE;
    size_t count =
        is_size ? sizeof sizes / sizeof sizes[0] : sizeof durations / sizeof durations[0];

    if (type != OPTION_DURATION && !is_size) {
        (void)snprintf(out, 32, "%lld", (long long)n);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        int64_t unit = is_size ? sizes[i].unit : durations[i].unit;

        if ((n != 0 && n % unit == 0) || i + 1 == count) {
            (void)snprintf(out, 32, "%lld%s", (long long)(n / unit),
                           is_size ? sizes[i].name : durations[i].name);
            return;
        }
    }
}

static bool in_range(struct reading *r, const struct option *o, int64_t n, const char *pointer,
                     const char *what_tr, const char *what_en)
{
    char low[32];
    char high[32];

    if ((o->min == 0 && o->max == 0) || (n >= o->min && n <= o->max)) {
        return true;
    }
    write_bound(o->type, o->min, low);
    write_bound(o->type, o->max, high);
    (void)faults_add(r->faults, pointer, "CFG-102", "sınır dışı; %1$s%2$.0s%3$s – %4$s olmalı",
                     "out of range; %1$.0s%2$smust be %3$s – %4$s", what_tr, what_en, low, high);
    return false;
}

static void read_bool(struct reading *r, const struct option *o, const struct json *v,
                      const char *pointer, void *field)
{
    bool value = json_bool(v, false);

    if (json_type(v) != JSON_BOOL) {
        wrong_type(r, o, pointer);
        return;
    }
    memcpy(field, &value, sizeof value);
}

static void read_int(struct reading *r, const struct option *o, const struct json *v,
                     const char *pointer, void *field)
{
    int64_t n;

    if (json_i64(v, &n) != 0) {
        wrong_type(r, o, pointer);
    } else if (in_range(r, o, n, pointer, "", "")) {
        memcpy(field, &n, sizeof n);
    }
}

static int parse_size(struct str s, int64_t *ret)
{
    static const struct {
        const char *name;
        int64_t unit;
    } units[] = {{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
    size_t digits = 0;

    while (digits < s.len && ascii_digit(s.ptr[digits])) {
        digits++;
    }
    if (str_i64((struct str){s.ptr, digits}, ret) != 0) {
        return ERR_INVALID;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (str_eqs((struct str){s.ptr + digits, s.len - digits}, units[i].name)) {
            return __builtin_mul_overflow(*ret, units[i].unit, ret) ? ERR_LIMIT : 0;
        }
    }
    return ERR_INVALID;
}

/* "09:00" to minutes. */
static int parse_clocktime(struct str s, int64_t *ret)
{
    int64_t hour;
    int64_t minute;

    if (s.len != 5 || s.ptr[2] != ':' || !ascii_digit(s.ptr[0]) || !ascii_digit(s.ptr[3]) ||
        str_i64((struct str){s.ptr, 2}, &hour) != 0 ||
        str_i64((struct str){s.ptr + 3, 2}, &minute) != 0 || hour > 23 || minute > 59) {
        return ERR_INVALID;
    }
    *ret = hour * 60 + minute;
    return 0;
}

/* Texts that stand for a number: durations, sizes, times of day. */
static void read_measure(struct reading *r, const struct option *o, const struct json *v,
                         const char *pointer, void *field)
{
    struct str text = json_str(v);
    int64_t n = 0;
    int rc;

    if (o->type == OPTION_SIZE && json_i64(v, &n) == 0) {
        rc = 0;
    } else if (json_type(v) != JSON_STRING) {
        wrong_type(r, o, pointer);
        return;
    } else if (o->type == OPTION_SIZE) {
        rc = parse_size(text, &n);
    } else {
        rc = o->type == OPTION_DURATION ? str_duration_ms(text, &n) : parse_clocktime(text, &n);
    }
    if (rc != 0) {
        malformed(r, o, text, pointer);
    } else if (in_range(r, o, n, pointer, "", "")) {
        memcpy(field, &n, sizeof n);
    }
}

/* "10/s", "240/m", "100/30s" */
static int parse_rate(struct str s, struct option_rate *ret)
{
    const char *slash = s.len == 0 ? NULL : memchr(s.ptr, '/', s.len);
    size_t at = slash == NULL ? 0 : (size_t)(slash - s.ptr);
    struct str period = {s.ptr + at + 1, s.len - at - 1};
    char one[8];

    if (at == 0 || period.len == 0 || !ascii_digit(s.ptr[0])) {
        return ERR_INVALID;
    }
    if (!ascii_digit(period.ptr[0])) {
        if (period.len > 2) {
            return ERR_INVALID;
        }
        (void)snprintf(one, sizeof one, "1%.*s", (int)period.len, period.ptr);
        period = str_of(one);
    }
    return str_i64((struct str){s.ptr, at}, &ret->count) != 0 || ret->count < 1 ||
                   ret->count > 1000000 || str_duration_ms(period, &ret->period_ms) != 0 ||
                   ret->period_ms < 1 || ret->period_ms > 86400000
               ? ERR_INVALID
               : 0;
}

static void read_rate(struct reading *r, const struct option *o, const struct json *v,
                      const char *pointer, void *field)
{
    struct option_rate rate = {0};

    if (json_type(v) != JSON_STRING) {
        wrong_type(r, o, pointer);
    } else if (parse_rate(json_str(v), &rate) != 0) {
        malformed(r, o, json_str(v), pointer);
    } else {
        memcpy(field, &rate, sizeof rate);
    }
}

static void bad_choice(struct reading *r, const struct option *o, const struct json *v,
                       const char *pointer)
{
    char quoted[OPTION_QUOTE_MAX + 4];
    struct buf names;

    option_quote(json_str(v), quoted);
    buf_init(&names, FAULT_TEXT_MAX / 2);
    for (size_t i = 0; o->names[i] != NULL; i++) {
        (void)buf_addf(&names, "%s%s", i > 0 ? ", " : "", o->names[i]);
    }
    if (json_type(v) == JSON_STRING) {
        (void)faults_add(r->faults, pointer, "CFG-105",
                         "\"%s\" seçenekler arasında yok; beklenen %s",
                         "\"%s\" is not one of the choices; expected %s", quoted, buf_cstr(&names));
    } else {
        (void)faults_add(r->faults, pointer, "CFG-101", "yanlış tür; beklenen %s",
                         "wrong type; expected %s", buf_cstr(&names));
    }
    buf_finish(&names);
}

static void read_enum(struct reading *r, const struct option *o, const struct json *v,
                      const char *pointer, void *field)
{
    for (int i = 0; json_type(v) == JSON_STRING && o->names[i] != NULL; i++) {
        if (str_eqs(json_str(v), o->names[i])) {
            memcpy(field, &i, sizeof i);
            return;
        }
    }
    bad_choice(r, o, v, pointer);
}

/* Fit for protocol lines and not empty. */
static bool check_text(struct reading *r, const struct option *o, const struct json *v,
                       const char *pointer)
{
    struct str text = json_str(v);

    if (json_type(v) != JSON_STRING) {
        wrong_type(r, o, pointer);
        return false;
    }
    if (!utf8_clean_line(text)) {
        (void)faults_add(r->faults, pointer, "CFG-104",
                         "metinde satır sonu veya denetim karakteri var",
                         "the string holds a line break or control character");
        return false;
    }
    if (text.len == 0 && o->min == 0 && o->max == 0) {
        (void)faults_add(r->faults, pointer, "CFG-102", "boş olamaz", "must not be empty");
        return false;
    }
    if (text.len > STRING_MAX) {
        (void)faults_add(r->faults, pointer, "CFG-102", "çok uzun", "too long");
        return false;
    }
    return true;
}

static void store_text(struct reading *r, char *copy, const char *pointer, void *field)
{
    if (copy == NULL) {
        no_memory(r, pointer);
    }
    memcpy(field, &copy, sizeof copy);
}

static void read_string(struct reading *r, const struct option *o, const struct json *v,
                        const char *pointer, void *field)
{
    if (check_text(r, o, v, pointer) &&
        in_range(r, o, (int64_t)utf8_count(json_str(v)), pointer, "uzunluk ", "the length ")) {
        store_text(r, str_dup(json_str(v)), pointer, field);
    }
}

static void read_path(struct reading *r, const struct option *o, const struct json *v,
                      const char *pointer, void *field)
{
    if (check_text(r, o, v, pointer)) {
        store_text(r, option_resolve(r, json_str(v)), pointer, field);
    }
}

/* scheme://host[:port][/…] in plain ASCII, without a user (RFC 3986, the part that we need). */
static bool is_url(struct str s, bool https_only)
{
    size_t at = str_starts(s, "https://") ? 8 : !https_only && str_starts(s, "http://") ? 7 : 0;
    size_t start = at;

    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] <= 0x20 || s.ptr[i] >= 0x7F || strchr("\"<>\\^`{|}", s.ptr[i]) != NULL) {
            return false;
        }
    }
    while (at > 0 && at < s.len && (ascii_alnum(s.ptr[at]) || strchr(".-:[]", s.ptr[at]) != NULL)) {
        at++;
    }
    return at > start && (at == s.len || strchr("/?#", s.ptr[at]) != NULL);
}

static void read_url(struct reading *r, const struct option *o, const struct json *v,
                     const char *pointer, void *field)
{
    bool https_only = o->min == 1;
    char quoted[OPTION_QUOTE_MAX + 4];

    if (json_type(v) != JSON_STRING) {
        wrong_type(r, o, pointer);
        return;
    }
    if (is_url(json_str(v), https_only)) {
        store_text(r, str_dup(json_str(v)), pointer, field);
        return;
    }
    option_quote(json_str(v), quoted);
    (void)faults_add(r->faults, pointer, "CFG-104",
                     "adres biçimi yanlış: \"%s\"; beklenen %s ile başlayan tam adres",
                     "malformed address: \"%s\"; expected a full address beginning with %s", quoted,
                     https_only ? "https://" : "http(s)://");
}

static bool check_list(struct reading *r, const struct option *o, const struct json *v,
                       const char *pointer)
{
    struct option bound = *o;

    if (json_type(v) != JSON_ARRAY) {
        wrong_type(r, o, pointer);
        return false;
    }
    if (bound.max == 0) {
        bound.max = LIST_MAX;
    }
    return in_range(r, &bound, (int64_t)json_count(v), pointer, "öğe sayısı ",
                    "the number of items ");
}

static void read_strings(struct reading *r, const struct option *o, const struct json *v,
                         const char *pointer, void *field)
{
    static const struct option item = {.type = OPTION_STRING};
    struct option_strings *list = field;
    char below[FAULT_POINTER_MAX];
    char index[24];
    size_t i = 0;

    if (!check_list(r, o, v, pointer)) {
        return;
    }
    list->items = calloc(json_count(v) + 1, sizeof *list->items);
    if (list->items == NULL) {
        no_memory(r, pointer);
        return;
    }
    for (const struct json *c = json_first(v); c != NULL; c = json_next(c), i++) {
        (void)snprintf(index, sizeof index, "%zu", i);
        option_pointer(pointer, index, below);
        if (check_text(r, &item, c, below)) {
            store_text(r, str_dup(json_str(c)), below, &list->items[list->count]);
            list->count += list->items[list->count] != NULL;
        }
    }
}

static void read_ints(struct reading *r, const struct option *o, const struct json *v,
                      const char *pointer, void *field)
{
    static const struct option item = {.type = OPTION_INT};
    struct option_ints *list = field;
    char below[FAULT_POINTER_MAX];
    char index[24];
    size_t i = 0;

    if (!check_list(r, o, v, pointer)) {
        return;
    }
    list->items = calloc(json_count(v) + 1, sizeof *list->items);
    if (list->items == NULL) {
        no_memory(r, pointer);
        return;
    }
    for (const struct json *c = json_first(v); c != NULL; c = json_next(c), i++) {
        (void)snprintf(index, sizeof index, "%zu", i);
        option_pointer(pointer, index, below);
        read_int(r, &item, c, below, &list->items[list->count++]);
    }
}

static void read_secret(struct reading *r, const struct option *o, const struct json *v,
                        const char *pointer, void *field)
{
    (void)o;
    option_read_secret(r, v, pointer, field);
}

void option_read_value(struct reading *r, const struct option *o, const struct json *v,
                       const char *pointer, void *field)
{
    static void (*const readers[])(struct reading *, const struct option *, const struct json *,
                                   const char *, void *) = {
        [OPTION_STRING] = read_string,     [OPTION_BOOL] = read_bool, [OPTION_INT] = read_int,
        [OPTION_DURATION] = read_measure,  [OPTION_ENUM] = read_enum, [OPTION_SECRET] = read_secret,
        [OPTION_STRINGS] = read_strings,   [OPTION_INTS] = read_ints, [OPTION_RATE] = read_rate,
        [OPTION_CLOCKTIME] = read_measure, [OPTION_PATH] = read_path, [OPTION_SIZE] = read_measure,
        [OPTION_URL] = read_url,
    };

    readers[o->type](r, o, v, pointer, field);
}
