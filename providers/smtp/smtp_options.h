/*
 * The keys of a configured relay; see smtp.h for what they mean. The rows that every mail back end
 * has are here: their settings begin with a struct smtp_settings.
 */
#pragma once

#include "providers/smtp/smtp.h"

#define SMTP_AT(field) offsetof(struct smtp_settings, field)

/* clang-format off */
#define SMTP_ROW_HOST \
    {.key = "host", \
     .type = OPTION_STRING, \
     .offset = SMTP_AT(host), \
     .required = true, \
     .min = 1, \
     .max = 253, \
     .tr = "E-posta sunucusunun adı (sertifikasında da bu ad aranır)", \
     .en = "Name of the relay, as its certificate has it"}

#define SMTP_ROWS_LOGIN \
    {.key = "ca_file", \
     .type = OPTION_STRING, \
     .offset = SMTP_AT(ca_file), \
     .min = 1, \
     .max = 1000, \
     .tr = "Güvenilen kök sertifikalar (PEM); yoksa sistemdekiler", \
     .en = "Trusted root certificates (PEM); the system's when absent"}, \
    {.key = "user", \
     .type = OPTION_STRING, \
     .offset = SMTP_AT(user), \
     .min = 1, \
     .max = 255, \
     .tr = "Oturum adı; yoksa oturum açılmaz", \
     .en = "Login name; no login when absent"}, \
    {.key = "password", \
     .type = OPTION_SECRET, \
     .offset = SMTP_AT(password), \
     .reloadable = false, \
     .tr = "Parola", \
     .en = "Password"}

#define SMTP_ROWS_MAIL \
    {.key = "envelope_from", \
     .type = OPTION_STRING, \
     .offset = SMTP_AT(envelope_from), \
     .required = true, \
     .min = 3, \
     .max = 254, \
     .tr = "Zarftaki gönderen adresi; mail.bounces varsa oradaki adres kullanılır", \
     .en = "Sender on the envelope; the address of mail.bounces where there is one"}, \
    {.key = "helo", \
     .type = OPTION_STRING, \
     .offset = SMTP_AT(helo), \
     .min = 1, \
     .max = 253, \
     .tr = "Kendimizi tanıtırken kullanılan ad; yoksa makinenin adı", \
     .en = "The name we introduce ourselves with; this machine's when absent"}

#define SMTP_ROWS_LIMITS \
    {.key = "batch", \
     .type = OPTION_INT, \
     .offset = SMTP_AT(batch), \
     .fallback = "100", \
     .min = 1, \
     .max = 100, \
     .tr = "Bir oturumda en çok ileti", \
     .en = "Most messages per session"}, \
    {.key = "timeouts", \
     .type = OPTION_OBJECT, \
     .offset = 0, \
     .table = smtp_timeout_options, \
     .tr = "Süre sınırları", \
     .en = "Time limits"}
/* clang-format on */

extern const struct option smtp_options[];
extern const struct option smtp_timeout_options[];
/* The part of smtp_settings_check() that holds for every mail back end; clear: without TLS. */
void smtp_settings_check_common(const struct smtp_settings *settings, bool clear,
                                const char *pointer, struct faults *faults);
/* "localhost" or 127.0.0.0/8. */
bool smtp_is_loopback(const char *host);
