#include "base/json_scan.h"

static const struct {
    int code;
    const char *tr;
    const char *en;
} problems[JSON_PROBLEM_COUNT] = {
    [JSON_OK] = {0, "sorun yok", "no problem"},
    [JSON_ENDS_EARLY] = {ERR_INVALID, "metin erken bitiyor", "the text ends too early"},
    [JSON_TRAILING_BYTES] = {ERR_INVALID, "belgenin sonundan sonra fazladan karakter var",
                             "there is more after the end of the document"},
    [JSON_BYTE_ORDER_MARK] = {ERR_INVALID, "başta bayt sırası imi (BOM) var; kaldırın",
                              "starts with a byte order mark; remove it"},
    [JSON_UNEXPECTED] = {ERR_INVALID, "burada bir değer bekleniyordu", "expected a value here"},
    [JSON_WANTS_KEY] = {ERR_INVALID, "burada çift tırnak içinde bir anahtar bekleniyordu",
                        "expected a member name in double quotes here"},
    [JSON_WANTS_COLON] = {ERR_INVALID, "anahtardan sonra ':' bekleniyordu",
                          "expected ':' after the member name"},
    [JSON_WANTS_COMMA] = {ERR_INVALID, "burada ',' veya kapanış ayracı bekleniyordu",
                          "expected ',' or the closing bracket here"},
    [JSON_BAD_LITERAL] = {ERR_INVALID, "tırnaksız sözcük yalnız true, false veya null olabilir",
                          "a bare word can only be true, false or null"},
    [JSON_BAD_NUMBER] = {ERR_INVALID, "sayı biçimi yanlış", "malformed number"},
    [JSON_BAD_ESCAPE] = {ERR_INVALID, "geçersiz kaçış dizisi", "invalid escape sequence"},
    [JSON_BAD_UTF8] = {ERR_INVALID, "geçersiz UTF-8", "invalid UTF-8"},
    [JSON_RAW_CONTROL] = {ERR_INVALID, "metin içinde denetim karakteri var; \\n gibi yazın",
                          "control character inside a string; write it as \\n"},
    [JSON_OPEN_STRING] = {ERR_INVALID, "metnin kapanış tırnağı yok", "the string is never closed"},
    [JSON_OPEN_COMMENT] = {ERR_INVALID, "açıklama kapatılmamış", "the comment is never closed"},
    [JSON_DUPLICATE_KEY] = {ERR_UNSUPPORTED, "anahtar iki kez verilmiş", "member name given twice"},
    [JSON_NUL] = {ERR_UNSUPPORTED, "\\u0000 kabul edilmez", "\\u0000 is not accepted"},
    [JSON_LONE_SURROGATE] = {ERR_UNSUPPORTED, "\\u kaçışının çifti eksik", "half a surrogate pair"},
    [JSON_TOO_DEEP] = {ERR_LIMIT, "iç içe geçme sınırı aşıldı", "nested too deeply"},
    [JSON_TOO_MANY_KEYS] = {ERR_LIMIT, "nesnede çok fazla anahtar var",
                            "too many members in one object"},
    [JSON_TOO_LONG] = {ERR_LIMIT, "belge çok büyük", "the document is too large"},
    [JSON_NO_MEMORY] = {ERR_NOMEM, "bellek yetmedi", "out of memory"},
};

const char *json_problem_text(enum json_problem problem, bool turkish)
{
    return turkish ? problems[problem].tr : problems[problem].en;
}

int json_problem_code(enum json_problem problem)
{
    return problems[problem].code;
}
