#include "domain/reason.h"

static const struct {
    const char *code;
    const char *tr;
    const char *en;
} reasons[] = {
    /* what the case says */
    {"renewed", "sertifika yenilendi", "the certificate was renewed"},
    {"newer_certificate", "kişinin daha yeni bir sertifikası var",
     "the holder has a newer certificate"},
    {"applied", "yenileme başvurusu yapıldı", "the application was submitted"},
    {"letter_received", "kurumun talep yazısı geldi", "the institution's letter came"},
    {"approved", "başvuru onaylandı", "the application was approved"},
    {"delivered", "yeni kart teslim edildi", "the new card was delivered"},
    {"revoked", "sertifika iptal edildi", "the certificate was revoked"},
    {"suspended", "sertifika askıya alındı", "the certificate was suspended"},
    {"duty_ended", "kişinin görevi sona erdi", "the holder's duty has ended"},
    {"expired", "sertifikanın süresi doldu", "the certificate has expired"},
    {"end_changed", "bitiş tarihi değişti, yeniden planlandı", "the end changed; planned anew"},
    {"application_over", "önceki başvuru bu sertifika içindi, hatırlatmalar başladı",
     "the application before was for this certificate; its reminders begin"},
    {"blocked", "başvuru ekranına giriş engelli; engel kalkınca sürer",
     "the portal refuses the login; goes on when it accepts it again"},
    {"unblocked", "giriş engeli kalktı", "the portal accepts the login again"},
    {"case_ended", "gönderim anında hatırlatmaya gerek kalmamıştı",
     "at the moment of sending there was no need any more"},
    /* what the message itself says */
    {"deadline", "gönderilebileceği süre doldu", "the time in which it made sense has passed"},
    {"deadline_in_doubt", "gittiği kesinleşmeden süresi doldu",
     "its time passed while its fate was unknown"},
    {"no_phone", "kişinin cep telefonu yok", "the holder has no mobile number"},
    {"no_email", "kişinin e-posta adresi yok", "the holder has no e-mail address"},
    {"suppressed_manual", "büro bu adrese gönderimi durdurdu",
     "the office has stopped sending to this address"},
    {"suppressed_request", "kişi ileti almak istemediğini bildirdi",
     "the person asked not to be written to"},
    {"suppressed_not_in_use", "işletmeci bu numaranın kullanılmadığını bildirdi",
     "the operator says that the number is not in use"},
    {"suppressed_bounce", "posta sunucusu böyle bir adres olmadığını bildirdi",
     "the mail system says that there is no such mailbox"},
    {"suppressed_complaint", "alıcı iletiyi istenmeyen olarak bildirdi",
     "the recipient called a message unwanted"},
    {"facts_unreadable", "saklanan bilgiler okunamadı", "the stored facts cannot be read"},
    {"not_encodable", "metin SMS harflerine çevrilemedi",
     "the text has letters that no SMS can have"},
    {"not_renderable", "şablon doldurulamadı", "the template could not be filled"},
    {"one_a_day", "kişiye o gün başka bir SMS gitti; sonraki güne kaldı",
     "another SMS went to the holder that day; it waits for the next"},
    {"past_due", "bildirim geldiğinde günü geçmişti; karar bekliyor",
     "its day had passed when the fact came; somebody has to decide"},
    {"plan_changed", "ayarlardaki plan değişti", "the plan in the settings has changed"},
    {"import_undone", "içe aktarma geri alındı", "the import was undone"},
    {"suppressed", "adres gönderim dışı listesinde", "the address is on the suppression list"},
    {"erased", "kişinin bilgileri silindi", "the person was erased"},
    /* what the provider said */
    {"rejected", "sağlayıcı bu iletiyi geri çevirdi", "the provider refused this message"},
    {"in_doubt", "gidip gitmediği bilinmiyor", "nobody knows whether it went"},
    {"retry", "sağlayıcı sonra denenmesini istedi", "the provider asked for a later attempt"},
    {"throttled", "sağlayıcı yavaşlatılmasını istedi", "the provider asked to slow down"},
    {"down", "sağlayıcıya ulaşılamadı", "the provider could not be reached"},
    {"provider_down", "sağlayıcıya ulaşılamadı", "the provider could not be reached"},
    {"provider_account", "sağlayıcı hesabında sorun var",
     "there is trouble with the provider's account"},
    {"provider_has_it", "sağlayıcı iletiyi daha önce almış", "the provider had it already"},
    {"found", "sağlayıcı iletiyi aldığını doğruladı", "the provider confirmed that it has it"},
    {"no_provider", "kanalın sağlayıcısı yok", "the channel has no provider"},
    {"account", "sağlayıcı hesabında sorun var", "there is trouble with the provider's account"},
    {"untouched", "sağlayıcıya verilmedi", "it was not given to the provider"},
    {"duplicate", "sağlayıcı iletiyi daha önce almış", "the provider had it already"},
    {"provider_gone", "sağlayıcı ayarlardan çıkarıldı", "the provider is no longer configured"},
    /* what people decided */
    {"operator", "bir yetkilinin kararı", "somebody decided so"},
    {"paused", "gönderim duraklatıldı", "sending is paused"},
    {"resumed", "gönderim sürdürüldü", "sending was resumed"},
    {"awaiting_release", "kampanyanın onayı bekleniyor", "the campaign awaits its release"},
    {"released", "kampanya onaylandı", "the campaign was released"},
    {"campaign_cancelled", "kampanya iptal edildi", "the campaign was cancelled"},
    {"sending_cancelled", "bekleyen gönderimler iptal edildi", "all that waited was cancelled"},
};

enum { REASON_COUNT = sizeof reasons / sizeof reasons[0] };

const char *reason_sentence(struct str code, bool turkish)
{
    for (size_t i = 0; i < REASON_COUNT; i++) {
        if (str_eqs(code, reasons[i].code)) {
            return turkish ? reasons[i].tr : reasons[i].en;
        }
    }
    return NULL;
}

const char *reason_at(size_t index)
{
    return index < REASON_COUNT ? reasons[index].code : NULL;
}
