#include "flow/roster_columns.h"

#include "base/utf8.h"
#include "text/turkish.h"

#include <stdio.h>

enum { FOLDED_MAX = 64, SEEN_MAX = 160 };

/* Titles as roster_fold leaves them. A weak one gives way to a plainer one of the same field. */
struct synonym {
    enum roster_field field;
    bool weak;
    const char *words; /* with a blank between them and at both ends */
};

static const char *const names[ROSTER_FIELD_COUNT] = {
    [ROSTER_NAME] = "name",
    [ROSTER_GIVEN] = "given_name",
    [ROSTER_FAMILY] = "family_name",
    [ROSTER_PHONE] = "phone",
    [ROSTER_EMAIL] = "email",
    [ROSTER_END] = "end",
    [ROSTER_CERTIFICATE] = "certificate",
    [ROSTER_KIND] = "kind",
    [ROSTER_PERSON] = "person",
    [ROSTER_IDENTITY] = "identity",
    [ROSTER_INSTITUTION] = "institution",
    [ROSTER_INSTITUTION_CODE] = "institution_code",
    [ROSTER_INSTITUTION_EMAIL] = "institution_email",
    [ROSTER_INSTITUTION_ADDRESS] = "institution_address",
    [ROSTER_UNIT] = "unit",
    [ROSTER_LANG] = "lang",
    [ROSTER_EONAY] = "eonay",
    [ROSTER_BLOCKED] = "blocked",
    [ROSTER_STATUS] = "status",
    [ROSTER_IGNORED] = "-",
};

static const struct synonym synonyms[] = {
    {ROSTER_NAME, false,
     " adsoyad adisoyadi adisoyad adsoyadi advesoyad advesoyadi adivesoyadi isimsoyisim isimsoyad "
     "ismisoyismi personeladisoyadi personeladsoyad sertifikasahibi sertifikasahibiadisoyadi "
     "fullname holdername holder namesurname "},
    {ROSTER_NAME, true, " personel personeladi kisi "},
    {ROSTER_GIVEN, false, " ad adi isim ismi name givenname firstname forename "},
    {ROSTER_FAMILY, false, " soyad soyadi soyisim soyismi surname lastname familyname "},
    {ROSTER_PHONE, false,
     " cep cepno ceptel ceptelno ceptelefon ceptelefonu ceptelefonno ceptelefonunumarasi "
     "ceptelefonnumarasi cepnumarasi gsm gsmno gsmtel gsmnumarasi gsmtelefon mobil mobiltelefon "
     "mobile mobilephone mobileno mobilenumber cellphone cell msisdn "},
    {ROSTER_PHONE, true,
     " telefon telefonu tel telno telefonno telefonnumarasi iletisimno iletisimtelefonu phone "
     "phoneno phonenumber "},
    {ROSTER_EMAIL, false,
     " kurumsaleposta kurumsalepostaadresi kurumsalmail kurumsalemail workemail "},
    {ROSTER_EMAIL, true,
     " eposta epostasi epostaadresi email emailadresi mail mailadresi elektronikposta emailaddress "
     "mailaddress "},
    {ROSTER_END, false,
     " sertifikabitis sertifikabitistarihi sertifikabitistarih sertifikasonkullanmatarihi "
     "sertifikagecerlilikbitistarihi nesbitis nesbitistarihi eimzabitis eimzabitistarihi "
     "eimzasonkullanmatarihi certificateend certificateexpiry notafter "},
    {ROSTER_END, true,
     " bitis bitistarihi bitistarih bitisgunu sonkullanmatarihi sonkullanimtarihi sontarih "
     "songecerliliktarihi gecerlilikbitis gecerlilikbitistarihi gecerliliksontarihi "
     "gecerliliktarihi sonatarihi surebitis surebitistarihi enddate end expiry expires expirydate "
     "expirationdate validto validuntil "},
    {ROSTER_CERTIFICATE, false,
     " sertifikano sertifikanumarasi sertifikaserino sertifikaserinumarasi nesno nesserino eimzano "
     "eimzaserino certificate certificateno certificateref certificateserial "},
    {ROSTER_CERTIFICATE, true, " serino serinumarasi serial serialno serialnumber "},
    {ROSTER_KIND, false, " sertifikaturu sertifikatipi certificatekind kind "},
    {ROSTER_PERSON, false,
     " sicil sicilno sicilnumarasi kurumsicilno personelno personelkodu personelsicilno kisikodu "
     "kisino person personid personkey holderref employeeid employeeno "},
    {ROSTER_IDENTITY, false,
     " tckimlikno tckimlik tckimliknumarasi tckn tcno tc kimlikno kimliknumarasi "
     "vatandaslikno identitynumber nationalid identity "},
    {ROSTER_INSTITUTION, false,
     " kurum kurumu kurumadi kurumunadi okul okulu okuladi okulkurum kurumokul kurumokuladi "
     "okulkurumadi institution institutionname school organization organisation "},
    {ROSTER_INSTITUTION, true, " gorevyeri gorevlioldugukurum calistigikurum calistigiyer "},
    {ROSTER_INSTITUTION_CODE, false,
     " kurumkodu kurumkod kurumno okulkodu okulkurumkodu detsis detsisno detsiskodu "
     "institutioncode institutionref institutionid "},
    {ROSTER_INSTITUTION_EMAIL, false,
     " kurumeposta kurumepostasi kurumepostaadresi kurummail kurumemail okuleposta okulepostasi "
     "institutionemail "},
    {ROSTER_INSTITUTION_ADDRESS, false, " kurumhitabi hitap institutionaddress addressform "},
    {ROSTER_UNIT, false, " birim birimi birimadi unit department "},
    {ROSTER_LANG, false, " dil lang language "},
    {ROSTER_EONAY, false,
     " eonay eonaydurumu eonayvarmi eonaydurum eonayli elektronikonay elektronikonaydurumu "
     "econsent "},
    {ROSTER_BLOCKED, false,
     " girisengelli girisengeli girisengel girisiengelli portalengeli portalengelli mebbisengeli "
     "loginblocked blocked "},
    {ROSTER_STATUS, false, " durum durumu basvurudurumu islemdurumu status state "},
};

const char *roster_field_name(enum roster_field f)
{
    return f < ROSTER_FIELD_COUNT ? names[f] : "?";
}

/* ---- folding ---- */

static char plain_letter(uint32_t cp)
{
    static const struct {
        uint32_t from;
        char to;
    } pairs[] = {{0x131, 'i'}, {0x15F, 's'}, {0x11F, 'g'}, {0xE7, 'c'}, {0xF6, 'o'},
                 {0xFC, 'u'},  {0xE2, 'a'},  {0xEE, 'i'},  {0xFB, 'u'}, {0x69, 'i'}};

    cp = tr_lower_char(cp);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (pairs[i].from == cp) {
            return pairs[i].to;
        }
    }
    return cp < 0x80 && ascii_alnum((char)cp) ? (char)cp : '\0';
}

void roster_fold(struct str s, char *out, size_t size)
{
    size_t len = 0;
    uint32_t cp;

    for (size_t at = 0, n; at < s.len; at += n == 0 ? 1 : n) {
        char c;

        n = utf8_decode((struct str){s.ptr + at, s.len - at}, &cp);
        c = n == 0 ? '\0' : plain_letter(cp);
        if (c != '\0' && len + 1 < size) {
            out[len++] = c;
        }
    }
    out[len] = '\0';
}

/* ---- what somebody said ---- */

static enum roster_field field_named(struct str name)
{
    enum roster_field f = ROSTER_NAME;

    while (f < ROSTER_FIELD_COUNT && !str_eqs(name, names[f])) {
        f++;
    }
    return f;
}

static int refuse_map(struct str text, struct faults *faults)
{
    (void)faults_add(
        faults, "/map", "map_invalid",
        "\"%.*s\" anlaşılmadı; \"Başlık=alan\" ya da \"#3=alan\" biçiminde olmalı. Alanlar: name "
        "given_name family_name phone email end certificate person institution eonay blocked "
        "status - …",
        "\"%.*s\" is not understood; write \"Title=field\" or \"#3=field\". Fields: name "
        "given_name family_name phone email end certificate person institution eonay blocked "
        "status - …",
        (int)(text.len < 40 ? text.len : 40), text.ptr);
    return ERR_INVALID;
}

int roster_map_add(struct roster_maps *maps, struct str text, struct faults *faults)
{
    size_t at = text.len;
    enum roster_field field;
    struct str title;

    while (at > 0 && text.ptr[at - 1] != '=') {
        at--;
    }
    field = field_named(str_trim((struct str){text.ptr + at, text.len - at}));
    title = str_trim((struct str){text.ptr, at > 0 ? at - 1 : 0});
    if (title.len == 0 || field == ROSTER_FIELD_COUNT || maps->count == ROSTER_MAPS_MAX) {
        return refuse_map(text, faults);
    }
    maps->titles[maps->count] = title;
    maps->fields[maps->count++] = field;
    return 0;
}

/* By title, or by "#3". */
static bool is_meant(struct str said, const char *title, size_t index)
{
    char a[FOLDED_MAX];
    char b[FOLDED_MAX];
    int64_t number;

    if (said.len > 1 && said.ptr[0] == '#' &&
        str_i64((struct str){said.ptr + 1, said.len - 1}, &number) == 0) {
        return number == (int64_t)index + 1;
    }
    roster_fold(said, a, sizeof a);
    roster_fold(str_of(title), b, sizeof b);
    return a[0] != '\0' ? strcmp(a, b) == 0 : str_eqs(said, title);
}

/* ---- titles ---- */

static const struct synonym *find_synonym(const char *title)
{
    char word[FOLDED_MAX + 2] = " ";
    size_t n;

    roster_fold(str_of(title), word + 1, FOLDED_MAX);
    n = strlen(word);
    if (n == 1) {
        return NULL;
    }
    word[n] = ' ';
    word[n + 1] = '\0';
    for (size_t i = 0; i < sizeof synonyms / sizeof synonyms[0]; i++) {
        if (strstr(synonyms[i].words, word) != NULL) {
            return &synonyms[i];
        }
    }
    return NULL;
}

static bool is_told(const struct roster_columns *c, enum roster_field field)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->told[i] && c->fields[i] == field) {
            return true;
        }
    }
    return false;
}

static void apply_maps(struct roster_columns *c, const struct roster_maps *maps)
{
    for (size_t i = 0; i < c->count; i++) {
        for (size_t k = 0; k < maps->count; k++) {
            if (is_meant(maps->titles[k], c->titles[i], i)) {
                c->fields[i] = maps->fields[k];
                c->told[i] = true;
            }
        }
    }
}

/* "Telefon" is the mobile number only when no other column says so more plainly. */
static void drop_weak(struct roster_columns *c, const bool *weak)
{
    for (size_t i = 0; i < c->count; i++) {
        for (size_t k = 0; weak[i] && !c->told[i] && k < c->count; k++) {
            if (k != i && c->fields[k] == c->fields[i] && !weak[k] &&
                c->fields[i] != ROSTER_IGNORED) {
                c->fields[i] = ROSTER_IGNORED;
            }
        }
    }
}

static void note_places(struct roster_columns *c)
{
    for (size_t f = 0; f < ROSTER_FIELD_COUNT; f++) {
        c->at[f] = -1;
    }
    for (size_t i = c->count; i-- > 0;) {
        c->at[c->fields[i]] = (int)i;
    }
    /* A lone "Ad" or "Name" holds the whole name. */
    if (c->at[ROSTER_GIVEN] >= 0 && c->at[ROSTER_FAMILY] < 0 && c->at[ROSTER_NAME] < 0 &&
        !c->told[c->at[ROSTER_GIVEN]]) {
        c->fields[c->at[ROSTER_GIVEN]] = ROSTER_NAME;
        c->at[ROSTER_NAME] = c->at[ROSTER_GIVEN];
        c->at[ROSTER_GIVEN] = -1;
    }
}

static void copy_title(char out[ROSTER_TITLE_SIZE], struct str s)
{
    size_t n = s.len < ROSTER_TITLE_SIZE - 1 ? s.len : ROSTER_TITLE_SIZE - 1;

    while (n > 0 && n < s.len && ((unsigned char)s.ptr[n] & 0xC0) == 0x80) {
        n--; /* not in the middle of a character */
    }
    (void)str_copy(out, ROSTER_TITLE_SIZE, (struct str){s.ptr, n});
}

void roster_columns_read(const struct sheet_row *row, const struct roster_maps *maps,
                         struct roster_columns *ret)
{
    bool weak[SHEET_COLUMNS_MAX] = {false};

    memset(ret, 0, sizeof *ret);
    ret->count = row->count;
    ret->row = row->number;
    for (size_t i = 0; i < row->count; i++) {
        ret->fields[i] = ROSTER_IGNORED;
        copy_title(ret->titles[i], row->cells[i]);
    }
    apply_maps(ret, maps);
    for (size_t i = 0; i < row->count; i++) {
        const struct synonym *s = ret->told[i] ? NULL : find_synonym(ret->titles[i]);

        if (s != NULL && !is_told(ret, s->field)) {
            ret->fields[i] = s->field;
            weak[i] = s->weak;
        }
    }
    drop_weak(ret, weak);
    note_places(ret);
}

bool roster_columns_plausible(const struct roster_columns *c)
{
    size_t known = 0;

    for (size_t i = 0; i < c->count; i++) {
        known += c->fields[i] != ROSTER_IGNORED;
    }
    return c->at[ROSTER_END] >= 0 && known > 1;
}

/* ---- judgement ---- */

/* "Ad, Tel, Bitiş", cut at a title. */
static void list_titles(const struct roster_columns *c, char out[SEEN_MAX])
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < c->count; i++) {
        size_t n = strlen(c->titles[i]);

        if (n == 0) {
            continue;
        }
        if (len + n + 8 > SEEN_MAX) {
            (void)str_copy(out + len, SEEN_MAX - len, STR(", …"));
            return;
        }
        len +=
            (size_t)snprintf(out + len, SEEN_MAX - len, "%s%s", len == 0 ? "" : ", ", c->titles[i]);
    }
}

static void need(const struct roster_columns *c, bool given, const char *code, const char *tr,
                 const char *en, const char *field, struct faults *faults)
{
    char seen[SEEN_MAX];

    if (!given) {
        list_titles(c, seen);
        (void)faults_add(
            faults, "/columns", code, "%s%.0s sütunu yok. Sütunlar: %s. Çözüm: --map \"Başlık=%s\"",
            "%.0sno column of %s. Columns: %s. Remedy: --map \"Title=%s\"", tr, en, seen, field);
    }
}

static void check_twice(const struct roster_columns *c, struct faults *faults)
{
    for (size_t i = 0; i < c->count; i++) {
        size_t first = (size_t)c->at[c->fields[i]];

        if (c->fields[i] != ROSTER_IGNORED && first != i) {
            (void)faults_add(faults, "/columns", "column_ambiguous",
                             "\"%s\" (%zu.) ve \"%s\" (%zu.) sütunlarının ikisi de %s olabilir. "
                             "Çözüm: birini bırakın: --map \"#%zu=-\"",
                             "\"%s\" (%zu) and \"%s\" (%zu) could both be %s. Remedy: leave one "
                             "out: --map \"#%zu=-\"",
                             c->titles[first], first + 1, c->titles[i], i + 1, names[c->fields[i]],
                             i + 1);
        }
    }
}

static void check_maps(const struct roster_columns *c, const struct roster_maps *maps,
                       struct faults *faults)
{
    char seen[SEEN_MAX];

    list_titles(c, seen);
    for (size_t k = 0; k < maps->count; k++) {
        bool found = false;

        for (size_t i = 0; i < c->count; i++) {
            found = found || is_meant(maps->titles[k], c->titles[i], i);
        }
        if (!found) {
            (void)faults_add(faults, "/map", "map_column_missing",
                             "\"%.*s\" başlıklı sütun yok. Sütunlar: %s.",
                             "There is no column \"%.*s\". Columns: %s.",
                             (int)(maps->titles[k].len < 40 ? maps->titles[k].len : 40),
                             maps->titles[k].ptr, seen);
        }
    }
}

int roster_columns_check(const struct roster_columns *c, const struct roster_maps *maps,
                         bool identity_allowed, struct faults *faults)
{
    size_t before = faults->errors;
    bool named = c->at[ROSTER_NAME] >= 0 || c->at[ROSTER_FAMILY] >= 0;

    if (c->count == 0) {
        (void)faults_add(faults, "/file", "file_empty",
                         "Dosya boş: başlık satırı yok, hiçbir hücresinde yazı yok.",
                         "The file is empty: no row of titles, nothing in any cell.");
        return ERR_INVALID;
    }
    check_maps(c, maps, faults);
    check_twice(c, faults);
    need(c, c->at[ROSTER_END] >= 0, "column_end_missing", "Bitiş tarihi", "the certificate's end",
         "end", faults);
    need(c, c->at[ROSTER_PHONE] >= 0 || c->at[ROSTER_EMAIL] >= 0, "column_contact_missing",
         "Cep telefonu ya da e-posta", "mobile numbers or e-mail addresses", "phone", faults);
    need(c, named || c->at[ROSTER_PERSON] >= 0 || c->at[ROSTER_CERTIFICATE] >= 0,
         "column_person_missing", "Ad soyad (ya da kişi kodu)", "names (or keys of persons)",
         "name", faults);
    if (c->at[ROSTER_NAME] >= 0 && (c->at[ROSTER_GIVEN] >= 0 || c->at[ROSTER_FAMILY] >= 0)) {
        (void)faults_add(faults, "/columns", "column_name_twice",
                         "Ad soyad hem birlikte hem ayrı sütunlarda var. Çözüm: --map \"#%d=-\"",
                         "Names stand both whole and in parts. Remedy: --map \"#%d=-\"",
                         c->at[ROSTER_NAME] + 1);
    }
    if (c->at[ROSTER_IDENTITY] >= 0 && !identity_allowed) {
        (void)faults_add(faults, "/columns", "column_identity",
                         "\"%.40s\": T.C. kimlik numarası gerekmez. Çözüm: sütunu siliniz, ya da "
                         "--map \"#%d=-\" ile okutmayınız, ya da özeti saklansın diye "
                         "intake.identity_numbers ayarını \"hmac\" yapınız.",
                         "\"%.40s\": identity numbers are not needed. Remedy: delete the column, "
                         "leave it out with --map \"#%d=-\", or set intake.identity_numbers to "
                         "\"hmac\" to keep their keyed hash.",
                         c->titles[c->at[ROSTER_IDENTITY]], c->at[ROSTER_IDENTITY] + 1);
    }
    return faults->errors == before ? 0 : ERR_INVALID;
}
