#include "text/names.h"

#define TEXT(name, personal, example, longest, tr, en)                                             \
    {                                                                                              \
        name, TEMPLATE_TEXT, personal, example, longest, tr, en                                    \
    }

const struct text_name_info text_names[TEXT_NAME_COUNT] = {
    [NAME_HOLDER_GIVEN_NAME] =
        TEXT("holder.given_name", true, "Işıl", "", "kişinin adı", "given name, title case"),
    [NAME_HOLDER_FAMILY_NAME] =
        TEXT("holder.family_name", true, "ÇİĞDEM", "", "kişinin soyadı", "family name, upper case"),
    [NAME_HOLDER_FULL_NAME] = TEXT("holder.full_name", true, "Işıl ÇİĞDEM", "",
                                   "kişinin adı ve soyadı", "given and family name"),
    [NAME_CERTIFICATE_END_SHORT] = TEXT("certificate.end_short", false, "12.02.2027", "12.02.2027",
                                        "son geçerlilik günü, kısa", "last day of validity, short"),
    [NAME_CERTIFICATE_END_LONG] =
        TEXT("certificate.end_long", false, "12 Şubat 2027 Cuma", "30 Ağustos 2028 Çarşamba",
             "son geçerlilik günü, gün adıyla", "last day of validity with its weekday"),
    [NAME_CERTIFICATE_END_DATE] =
        TEXT("certificate.end_date", false, "12 Şubat 2027", "30 Ağustos 2028",
             "son geçerlilik günü, gün adı olmadan", "last day of validity without weekday"),
    [NAME_CERTIFICATE_END_ON] =
        TEXT("certificate.end_on", false, "12 Şubat 2027'de", "30 Ağustos 2028'de",
             "son gün, bulunma ekiyle", "on the last day"),
    [NAME_CERTIFICATE_END_UNTIL] =
        TEXT("certificate.end_until", false, "12 Şubat 2027'ye", "30 Ağustos 2028'e",
             "son gün, yönelme ekiyle", "until the last day"),
    [NAME_CERTIFICATE_END_SINCE] =
        TEXT("certificate.end_since", false, "12 Şubat 2027'den", "30 Ağustos 2028'den",
             "son gün, ayrılma ekiyle", "since the last day"),
    [NAME_OFFICE_NAME] =
        TEXT("office.name", false, "Örnekil İl Millî Eğitim Müdürlüğü",
             "Örnekil İl Millî Eğitim Müdürlüğü", "kurumun adı", "name of the institution"),
    [NAME_OFFICE_UNIT] = TEXT("office.unit", false, "Bilgi İşlem Şube Müdürlüğü",
                              "Bilgi İşlem Şube Müdürlüğü", "birimin adı", "name of the unit"),
    [NAME_OFFICE_PROVINCE] =
        TEXT("office.province", false, "Örnekil", "Afyonkarahisar", "ilin adı", "the province"),
    [NAME_OFFICE_PROVINCE_IN] = TEXT("office.province_in", false, "Örnekil'de", "Afyonkarahisar'da",
                                     "ilin adı, bulunma ekiyle", "in the province"),
    [NAME_OFFICE_PHONE] = TEXT("office.phone", false, "0312 000 00 67", "0312 000 00 67",
                               "birimin telefonu", "telephone of the unit"),
    [NAME_INSTITUTION_NAME] = TEXT("institution.name", false, "Örnek Ortaokulu", "",
                                   "kişinin kurumu", "the holder's institution"),
    [NAME_INSTITUTION_ADDRESS_FORM] =
        TEXT("institution.address_form", false, "Örnek Ortaokulu Müdürlüğüne", "",
             "kurumun hitap biçimi, listeden gelir", "how the institution is addressed"),
    [NAME_SUMMARY_LETTERS] = TEXT("summary.letters", false, "2", "100",
                                  "onay bekleyen talep yazıları", "letters that await approval"),
    [NAME_SUMMARY_AWAITED] = TEXT("summary.awaited", false, "3", "100",
                                  "yazısı beklenen başvurular", "applications without a letter"),
    [NAME_SUMMARY_URGENT] =
        TEXT("summary.urgent", false, "4", "100", "15 gün içinde dolacak, başvurusuz",
             "end within 15 days, no application"),
    [NAME_SUMMARY_BLOCKED] = TEXT("summary.blocked", false, "1", "100",
                                  "girişi engelli bildirilenler", "holders whose login is blocked"),
    [NAME_SUMMARY_UNDELIVERED] = TEXT("summary.undelivered", false, "0", "100",
                                      "ulaştırılamayan iletiler", "undelivered messages"),
    [NAME_ROWS_INSTITUTION] =
        TEXT("rows.institution", false, "Örnek Ortaokulu", "", "satır: kurum", "row: institution"),
    [NAME_ROWS_NAME] =
        TEXT("rows.name", true, "Işıl ÇİĞDEM", "", "satır: ad ve soyad", "row: name"),
    [NAME_ROWS_END] =
        TEXT("rows.end", false, "12.02.2027", "", "satır: bitiş tarihi", "row: end date"),
    [NAME_ROWS_APPLIED] = TEXT("rows.applied", false, "05.01.2027", "", "satır: başvuru tarihi",
                               "row: date of application"),
    [NAME_ROWS_DAYS_LEFT] =
        TEXT("rows.days_left", false, "30", "", "satır: kalan gün", "row: days left"),
    [NAME_ROWS_STATUS] =
        TEXT("rows.status", false, "talep yazısı bekleniyor", "", "satır: durum", "row: status"),
    [NAME_ROWS_WAITING] =
        TEXT("rows.waiting", false, "8", "", "satır: bekleme günü", "row: days of waiting"),
    [NAME_DAYS_LEFT] =
        TEXT("days_left", false, "30", "90", "bitişe kalan gün sayısı", "days until the last day"),
    [NAME_REMAINING] = TEXT("remaining", false, "30 gün sonra", "90 gün sonra",
                            "kalan süre: bugün, yarın, 7 gün sonra", "today, tomorrow, in 7 days"),
    [NAME_KALAN] = TEXT("kalan", false, "30 gün sonra", "90 gün sonra", "remaining ile aynı",
                        "the same as remaining"),
    [NAME_PORTAL] =
        TEXT("portal", false, "portal.kamusm.gov.tr/bp/meb.go", "portal.kamusm.gov.tr/bp/meb.go",
             "başvuru portalı, SMS için", "application portal, for SMS"),
    [NAME_PORTAL_URL] =
        TEXT("portal_url", false, "https://portal.kamusm.gov.tr/bp/meb.go",
             "https://portal.kamusm.gov.tr/bp/meb.go", "başvuru portalının tam adresi",
             "full address of the application portal"),
    [NAME_GUIDE] = TEXT("guide", false, "kilavuz.example/e-onay", "kilavuz.example/e-onay-27",
                        "e-Onay kılavuzunun kısa adresi, en çok 25 karakter",
                        "short address of the e-Onay guide, at most 25 characters"),
    [NAME_GUIDE_URL] =
        TEXT("guide_url", false, "https://kilavuz.example/e-onay", "https://kilavuz.example/e-onay",
             "e-Onay kılavuzunun tam adresi", "full address of the e-Onay guide"),
    [NAME_STOP_NOTE] =
        TEXT("stop_note", false, "bilgi@ornek.test adresine e-posta",
             "bilgi@ornek.test adresine e-posta", "yenileme gerekmediğini bildirme yolu",
             "how to say that renewal is not needed"),
    [NAME_PRIVACY_URL] =
        TEXT("privacy_url", false, "https://ornek.test/aydinlatma", "https://ornek.test/aydinlatma",
             "aydınlatma metninin adresi", "address of the privacy notice"),
    [NAME_TODAY] =
        TEXT("today", false, "13.01.2027", "13.01.2027", "gönderim günü", "day of sending"),
    [NAME_PERSONS] = TEXT("persons", false, "4", "100", "kişi sayısı", "number of persons"),
    [NAME_WINDOW_DAYS] = TEXT("window_days", false, "30", "100", "özetin kapsadığı gün sayısı",
                              "days that the digest looks ahead"),
    [NAME_ROWS] = {"rows", TEMPLATE_LIST, true, "", "", "özet tablosunun satırları",
                   "rows of the digest"},
    [NAME_LAYOUT_SUBJECT] = TEXT("layout.subject", true, "", "", "konu satırı", "the subject"),
    [NAME_LAYOUT_PREHEADER] =
        TEXT("layout.preheader", true, "", "", "ilk tümce, konu yanında görünür",
             "first sentence, shown beside the subject"),
    [NAME_LAYOUT_BODY] = TEXT("layout.body", true, "", "", "iletinin sözleri; {{{…}}} ile yazılır",
                              "the message's words; written with {{{…}}}"),
    [NAME_LAYOUT_BOX] = {"layout.box", TEMPLATE_FLAG, false, "", "", "bitiş tarihi kutusu istendi",
                         "the box with the end date is wanted"},
};

const char *lang_name(enum lang lang)
{
    return lang == LANG_EN ? "en" : "tr";
}

enum lang lang_parse(struct str tag)
{
    bool english = tag.len >= 2 && ascii_lower(tag.ptr[0]) == 'e' &&
                   ascii_lower(tag.ptr[1]) == 'n' && (tag.len == 2 || !ascii_alnum(tag.ptr[2]));
    return english ? LANG_EN : LANG_TR;
}

enum text_name text_name_find(struct str name)
{
    for (int i = 0; i < TEXT_NAME_COUNT; i++)
        if (str_eqs(name, text_names[i].name))
            return (enum text_name)i;
    return TEXT_NAME_COUNT;
}

void text_template_names(struct template_name ret[TEXT_NAME_COUNT])
{
    for (int i = 0; i < TEXT_NAME_COUNT; i++)
        ret[i] = (struct template_name){text_names[i].name, text_names[i].kind};
}
