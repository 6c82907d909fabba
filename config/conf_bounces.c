/* Where undeliverable mail comes back to. */
#include "config/conf_tables.h"
#include "domain/return_path.h"

void conf_fill_bounces(struct conf_reading *r)
{
    struct conf_bounces *b = &r->draft->conf.mail.bounces;
    char quoted[OPTION_QUOTE_MAX + 4];

    conf_fill_mailbox(r, &b->address, "/mail/bounces/address");
    if (b->address == NULL && (b->maildir != NULL || b->listen != NULL)) {
        (void)faults_add(r->faults, "/mail/bounces", "CFG-103",
                         "\"address\" eksik; iletiler bu adrese döner",
                         "\"address\" is missing; it is where mail comes back to");
    } else if (b->address != NULL && b->maildir == NULL && b->listen == NULL) {
        (void)faults_add(r->faults, "/mail/bounces", "CFG-103",
                         "\"maildir\" ya da \"listen\" eksik; dönen iletiler birinden okunur",
                         "\"maildir\" or \"listen\" is missing; returned mail is read from one");
    }
    if (b->address != NULL && b->verp && strcspn(b->address, "@") > RETURN_PATH_LOCAL_MAX) {
        (void)faults_add(r->faults, "/mail/bounces/address", "CFG-102",
                         "@ işaretinden önce en çok %d karakter olmalı; gerisi iletinin adıdır",
                         "at most %d characters before the @; the rest is the message's name",
                         RETURN_PATH_LOCAL_MAX);
    }
    if (b->listen != NULL && !conf_split_address(b->listen, &b->host, &b->port)) {
        option_quote(str_of(b->listen), quoted);
        (void)faults_add(r->faults, "/mail/bounces/listen", "CFG-104",
                         "adres biçimi yanlış: \"%s\"; beklenen \"127.0.0.1:2424\" gibi",
                         "malformed address: \"%s\"; expected such as \"127.0.0.1:2424\"", quoted);
    }
}
