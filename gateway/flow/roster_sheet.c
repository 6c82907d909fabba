#include "flow/roster_sheet.h"

#include "base/utf8.h"
#include "text/nfc.h"

#include <csv.h>

enum {
    PIECE_BYTES = 65536,
    LOOK_LINES = 10,
    ROW_BYTES_MAX = SHEET_COLUMNS_MAX * (SHEET_CELL_MAX + 1)
};

struct reader {
    struct csv_parser csv;
    sheet_row_fn *fn;
    void *ctx;
    struct faults *faults;
    struct err *err;
    struct sheet_row row;
    struct buf raw;  /* the cells of the row as they came … */
    struct buf tidy; /* … and as they are told */
    struct buf composed;
    size_t ends[SHEET_COLUMNS_MAX]; /* of the raw cells */
    size_t line;                    /* that is being read */
    size_t began;                   /* line in which the row began */
    bool after_return;              /* the last byte was a CR */
    int rc;
};

static int spoilt(struct err *e, const struct fault *fault)
{
    return err_set(e, ERR_INVALID, "%s", fault == NULL ? "the file cannot be read" : fault->en);
}

#define SPOILT(faults, e, code, ...) spoilt(e, faults_add(faults, "/file", code, __VA_ARGS__))

/* ---- cells ---- */

static bool is_blank(uint32_t cp)
{
    return cp == ' ' || (cp >= '\t' && cp <= '\r') || cp == 0xA0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F ||
           cp == 0x205F || cp == 0x3000;
}

static bool is_invisible(uint32_t cp)
{
    return cp == 0xAD || (cp >= 0x200B && cp <= 0x200F) || (cp >= 0x202A && cp <= 0x202E) ||
           cp == 0x2060 || cp == 0xFEFF;
}

/* Plain ASCII words with single blanks between them need no work. */
static bool is_tidy(struct str s)
{
    char before = ' ';

    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if ((unsigned char)c >= 0x80 || c < ' ' || (c == ' ' && before == ' ')) {
            return false;
        }
        before = c;
    }
    return s.len == 0 || before != ' ';
}

static void tidy_cell(struct reader *r, struct str s)
{
    bool blank = false;
    size_t begin = r->tidy.len;
    uint32_t cp;

    if (is_tidy(s)) {
        (void)buf_add(&r->tidy, s.ptr, s.len);
        return;
    }
    buf_reset(&r->composed);
    if (nfc(s, &r->composed) == 0) {
        s = (struct str){r->composed.data, r->composed.len};
    }
    for (size_t at = 0, n; at < s.len; at += n) {
        n = utf8_decode((struct str){s.ptr + at, s.len - at}, &cp);
        if (n == 0) {
            n = 1; /* not possible: the file was checked */
        } else if (is_blank(cp)) {
            blank = r->tidy.len > begin;
        } else if (!is_invisible(cp)) {
            if (blank) {
                (void)buf_addc(&r->tidy, ' ');
            }
            (void)buf_add(&r->tidy, s.ptr + at, n);
            blank = false;
        }
    }
}

/* ---- rows, as libcsv tells them ---- */

static void on_cell(void *bytes, size_t len, void *ctx)
{
    struct reader *r = ctx;
    size_t i = r->row.count;

    if (i == SHEET_COLUMNS_MAX) {
        r->row.extra += len > 0;
        return;
    }
    if (len > SHEET_CELL_MAX) {
        r->row.too_long = r->row.too_long == 0 ? i + 1 : r->row.too_long;
        len = 0;
    }
    (void)buf_add(&r->raw, bytes, len);
    r->ends[i] = r->raw.len;
    r->row.count++;
}

static bool tidy_row(struct reader *r)
{
    size_t ends[SHEET_COLUMNS_MAX];
    bool empty = r->row.too_long == 0 && r->row.extra == 0;
    size_t at = 0;

    buf_reset(&r->tidy);
    for (size_t i = 0; i < r->row.count; i++) {
        tidy_cell(r, (struct str){r->raw.data + at, r->ends[i] - at});
        at = r->ends[i];
        ends[i] = r->tidy.len;
    }
    at = 0;
    for (size_t i = 0; i < r->row.count; i++) {
        r->row.cells[i] = (struct str){buf_cstr(&r->tidy) + at, ends[i] - at};
        at = ends[i];
        empty = empty && r->row.cells[i].len == 0;
    }
    return !empty;
}

static void on_row(int end, void *ctx)
{
    struct reader *r = ctx;

    (void)end;
    r->row.number++;
    if (r->rc == 0 && r->row.number > SHEET_ROWS_MAX) {
        r->rc = SPOILT(r->faults, r->err, "too_many_rows",
                       "Dosyada en çok %d satır olabilir; listeyi bölünüz.",
                       "A file may have %d rows at most; split the list.", SHEET_ROWS_MAX);
    }
    if (r->rc == 0 && tidy_row(r)) {
        r->rc = buf_failed(&r->raw) != 0 || buf_failed(&r->tidy) != 0
                    ? err_set(r->err, ERR_NOMEM, "no memory for a row of the list")
                    : r->fn(r->ctx, &r->row);
    }
    buf_reset(&r->raw);
    r->row.count = 0;
    r->row.extra = 0;
    r->row.too_long = 0;
}

static int is_space(unsigned char c)
{
    return c == ' ';
}

/* libcsv gives this no context: a cell without an end must not take all memory. */
static void *bounded_realloc(void *p, size_t size)
{
    return size > SHEET_QUOTED_MAX ? NULL : realloc(p, size);
}

static int explain_csv(struct reader *r)
{
    if (csv_error(&r->csv) == CSV_ENOMEM) {
        return SPOILT(r->faults, r->err, "cell_without_end",
                      "%zu. satırda başlayan bir hücre bitmiyor; tırnağı (\") kapatınız.",
                      "A cell that begins in line %zu has no end; close its quote (\").", r->began);
    }
    return SPOILT(r->faults, r->err, "quote_misplaced",
                  "%zu. satırda tırnak (\") yanlış yerde; hücreyi tırnak içine alıp içindeki "
                  "tırnakları ikileyiniz (\"\").",
                  "In line %zu a quote (\") is out of place; quote the cell and double the quotes "
                  "inside it (\"\").",
                  r->line);
}

/* libcsv passes over lines without anything in them; spreadsheets count them. */
static bool is_blank_line(struct str s)
{
    size_t i = 0;

    while (i < s.len && s.ptr[i] == ' ') {
        i++;
    }
    return i + 1 == s.len && (s.ptr[i] == '\n' || s.ptr[i] == '\r');
}

/* One line, its end included. */
static int feed_line(struct reader *r, struct str s)
{
    char last = s.ptr[s.len - 1];
    bool second = r->after_return && s.len == 1 && last == '\n'; /* of a CRLF */

    if (r->csv.pstate == 0) {
        r->began = r->line;
        r->row.number += !second && is_blank_line(s);
    }
    if (csv_parse(&r->csv, s.ptr, s.len, on_cell, on_row, r) != s.len) {
        return explain_csv(r);
    }
    r->line += (last == '\r' || last == '\n') && !second;
    r->after_return = last == '\r';
    return r->rc;
}

static int feed(struct reader *r, struct str s)
{
    int rc = 0;

    if (memchr(s.ptr, '\0', s.len) != NULL) {
        return SPOILT(r->faults, r->err, "nul_byte",
                      "Dosyada sıfır baytı var; bu bir metin dosyası değil. \"CSV UTF-8\" olarak "
                      "kaydediniz.",
                      "The file holds a NUL byte: it is no text. Save it as \"CSV UTF-8\".");
    }
    while (s.len > 0 && rc == 0) {
        size_t n = 0;

        while (n < s.len && s.ptr[n] != '\n' && s.ptr[n] != '\r') {
            n++;
        }
        n += n < s.len;
        rc = feed_line(r, (struct str){s.ptr, n});
        s = (struct str){s.ptr + n, s.len - n};
    }
    return rc;
}

/* ---- the file as a whole ---- */

static bool begins(struct str s, const char *bytes, size_t n)
{
    return s.len >= n && memcmp(s.ptr, bytes, n) == 0;
}

/* What people hand in instead of a CSV file. */
static int check_kind(struct str file, struct faults *faults, struct err *e)
{
    struct str text = str_trim((struct str){file.ptr, file.len < 512 ? file.len : 512});

    if (text.len == 0) {
        return SPOILT(faults, e, "file_empty", "Dosya boş.", "The file is empty.");
    }
    if (begins(file, "PK\x03\x04", 4) || begins(file, "\xD0\xCF\x11\xE0", 4)) {
        return SPOILT(faults, e, "file_is_workbook",
                      "Bu bir Excel dosyası; Excel'de Farklı Kaydet, \"CSV UTF-8\" ile kaydediniz.",
                      "This is a workbook; save it from the spreadsheet as \"CSV UTF-8\".");
    }
    if (text.ptr[0] == '<') {
        return SPOILT(faults, e, "file_is_page",
                      "Bu bir web sayfası ya da XML; Excel'de açıp \"CSV UTF-8\" ile kaydediniz.",
                      "This is a web page or XML; open it in a spreadsheet and save it as "
                      "\"CSV UTF-8\".");
    }
    if (begins(file, "%PDF", 4)) {
        return SPOILT(faults, e, "file_is_pdf", "Bu bir PDF dosyası; listenin CSV'si gerekli.",
                      "This is a PDF; the list is needed as CSV.");
    }
    return 0;
}

static size_t line_of(struct str file, size_t at)
{
    size_t line = 1;

    for (size_t i = 0; i < at && i < file.len; i++) {
        line += file.ptr[i] == '\n';
    }
    return line;
}

static int bad_bytes(struct str file, const struct charset_guess *guess, size_t at,
                     struct faults *faults, struct err *e)
{
    return SPOILT(faults, e, "bytes_unreadable",
                  "%zu. satırda %s ile okunamayan baytlar var; listeyi \"CSV UTF-8\" olarak "
                  "yeniden kaydediniz.",
                  "Line %zu holds bytes that %s does not know; save the list again as "
                  "\"CSV UTF-8\".",
                  line_of(file, at), charset_name(guess->charset));
}

/* The separator that stands most often, outside of quotes, in the first lines. */
static char find_separator(struct str s)
{
    static const char separators[] = {';', '\t', ','};
    size_t counts[3] = {0};
    size_t lines = 0;
    bool quoted = false;
    size_t best = 0;

    for (size_t i = 0; i < s.len && lines < LOOK_LINES; i++) {
        quoted ^= s.ptr[i] == '"';
        lines += s.ptr[i] == '\n';
        for (size_t k = 0; k < 3 && !quoted; k++) {
            counts[k] += s.ptr[i] == separators[k];
        }
    }
    for (size_t k = 1; k < 3; k++) {
        best = counts[k] > counts[best] ? k : best;
    }
    return separators[best];
}

/* "sep=;" tells Excel what the separator is; returns the bytes of that line. */
static size_t told_separator(struct str s, char *ret)
{
    size_t n = 5;

    if (s.len < 6 || !str_ieq((struct str){s.ptr, 4}, STR("sep="))) {
        return 0;
    }
    while (n < s.len && (s.ptr[n] == '\r' || s.ptr[n] == '\n')) {
        n++;
    }
    if (n == 5 || (s.ptr[4] != ';' && s.ptr[4] != ',' && s.ptr[4] != '\t')) {
        return 0;
    }
    *ret = s.ptr[4];
    return n;
}

/* The first piece of text tells the separator. */
static size_t open_rows(struct reader *r, struct str text, struct sheet_about *about)
{
    size_t skip = told_separator(text, &about->separator);

    if (skip == 0) {
        about->separator = find_separator(text);
    } else {
        r->line++;
        r->row.number++;
    }
    csv_set_delim(&r->csv, (unsigned char)about->separator);
    return skip;
}

static int read_pieces(struct reader *r, struct str file, const struct charset_guess *guess,
                       struct sheet_about *about)
{
    struct buf text;
    size_t at = guess->mark;
    bool opened = false;
    int rc = 0;

    buf_init(&text, 4 * PIECE_BYTES);
    while (at < file.len && rc == 0) {
        size_t rest = file.len - at;
        struct str piece = {file.ptr + at, rest < PIECE_BYTES ? rest : PIECE_BYTES};
        size_t used;
        size_t skip = 0;

        buf_reset(&text);
        rc = charset_decode(guess->charset, piece, piece.len == rest, &text, &used);
        if (rc == ERR_INVALID) {
            rc = bad_bytes(file, guess, at + used, r->faults, r->err);
        }
        if (rc == 0) {
            skip = opened ? 0 : open_rows(r, (struct str){text.data, text.len}, about);
            opened = true;
            rc = feed(r, (struct str){text.data + skip, text.len - skip});
        }
        at += used;
    }
    buf_finish(&text);
    return rc;
}

static int read_rows(struct reader *r, struct str file, const struct charset_guess *guess,
                     struct sheet_about *about)
{
    int rc = read_pieces(r, file, guess, about);

    if (rc == 0 && csv_fini(&r->csv, on_cell, on_row, r) != 0) {
        rc = SPOILT(r->faults, r->err, "cell_without_end",
                    "%zu. satırda başlayan bir hücre bitmiyor; tırnağı (\") kapatınız.",
                    "A cell that begins in line %zu has no end; close its quote (\").", r->began);
    }
    return rc == 0 ? r->rc : rc;
}

int sheet_read(struct str file, sheet_row_fn *fn, void *ctx, struct sheet_about *ret,
               struct faults *faults, struct err *e)
{
    struct charset_guess guess;
    struct reader *r;
    int rc = check_kind(file, faults, e);

    *ret = (struct sheet_about){.separator = ';'};
    if (rc != 0) {
        return rc;
    }
    charset_detect(file, &guess);
    ret->charset = guess.charset;
    if (guess.broken_at != SIZE_MAX) {
        return bad_bytes(file, &guess, guess.broken_at, faults, e);
    }
    r = calloc(1, sizeof *r);
    if (r == NULL || csv_init(&r->csv, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        free(r);
        return err_set(e, ERR_NOMEM, "no memory to read the list");
    }
    csv_set_space_func(&r->csv, is_space);
    csv_set_realloc_func(&r->csv, bounded_realloc);
    csv_set_blk_size(&r->csv, 4096);
    r->fn = fn;
    r->ctx = ctx;
    r->faults = faults;
    r->err = e;
    r->line = 1;
    buf_init(&r->raw, ROW_BYTES_MAX);
    buf_init(&r->tidy, 2 * ROW_BYTES_MAX);
    buf_init(&r->composed, (size_t)4 * SHEET_CELL_MAX);
    rc = read_rows(r, file, &guess, ret);
    csv_free(&r->csv);
    buf_finish(&r->raw);
    buf_finish(&r->tidy);
    buf_finish(&r->composed);
    free(r);
    return rc;
}
