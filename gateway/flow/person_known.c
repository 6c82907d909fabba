/* Who is meant: the references and addresses of one person. */
#include "flow/person_parts.h"

static void add_address(struct person_known *k, enum channel channel, const char *text)
{
    if (text[0] == '\0' || person_is_address(k, str_of(text)) ||
        k->address_count == PERSON_ADDRESSES_MAX) {
        return;
    }
    k->addresses[k->address_count].channel = channel;
    (void)str_copy(k->addresses[k->address_count].text, FACT_EMAIL_SIZE, str_of(text));
    k->address_count++;
}

static int note_case(void *ctx, const struct case_row *row)
{
    struct person_work *p = ctx;
    struct person_known *k = &p->known;

    if (k->case_count == PERSON_CASES_MAX) {
        return err_set(p->err, ERR_LIMIT, "more than %d certificates of one person",
                       PERSON_CASES_MAX);
    }
    k->cases[k->case_count].id = row->id;
    (void)str_copy(k->cases[k->case_count++].certificate, FACT_REF_SIZE, row->certificate);
    if (case_read(row->facts, p->file) == 0) {
        add_address(k, CHANNEL_SMS, p->file->known.holder.phone);
        add_address(k, CHANNEL_EMAIL, p->file->known.holder.email);
    }
    return 0;
}

static int note_holder(void *ctx, const struct case_row *row)
{
    struct person_known *k = ctx;

    return str_copy(k->holder, sizeof k->holder, row->holder);
}

int person_find(struct person_work *p, struct str ref)
{
    struct person_known *k = &p->known;
    int rc = str_copy(k->holder, sizeof k->holder, ref);

    if (rc != 0 || ref.len == 0) {
        return err_set(p->err, ERR_INVALID, "this is no reference of a person");
    }
    rc = store_case_by_holder(p->store, ref, note_case, p, p->err);
    if (rc != 0 || k->case_count > 0) {
        return rc;
    }
    /* Perhaps it names a certificate: then its holder is meant, or it alone. */
    rc = store_case_by_certificate(p->store, ref, note_holder, k, p->err);
    if (rc == 0 && k->holder[0] != '\0') {
        return store_case_by_holder(p->store, str_of(k->holder), note_case, p, p->err);
    }
    if (rc == 0) {
        return store_case_by_certificate(p->store, ref, note_case, p, p->err);
    }
    return rc == ERR_NOT_FOUND ? 0 : rc;
}

bool person_is_ref(const struct person_known *k, struct str ref)
{
    if (ref.len == 0) {
        return false;
    }
    for (size_t i = 0; i < k->case_count; i++) {
        if (str_eqs(ref, k->cases[i].certificate)) {
            return true;
        }
    }
    return str_eqs(ref, k->holder);
}

bool person_is_address(const struct person_known *k, struct str address)
{
    for (size_t i = 0; i < k->address_count && address.len > 0; i++) {
        if (str_ieq(address, str_of(k->addresses[i].text))) {
            return true;
        }
    }
    return false;
}

bool person_is_meant(const struct person_known *k, const struct person_named *n)
{
    if (person_is_ref(k, n->holder) || person_is_ref(k, n->certificate)) {
        return true;
    }
    return n->holder.len == 0 && (person_is_address(k, n->phone) || person_is_address(k, n->email));
}

bool person_is_case(const struct person_known *k, int64_t id)
{
    for (size_t i = 0; i < k->case_count; i++) {
        if (k->cases[i].id == id) {
            return true;
        }
    }
    return false;
}

bool person_is_message(const struct person_known *k, int64_t id)
{
    for (size_t i = 0; i < k->message_count; i++) {
        if (k->messages[i] == id) {
            return true;
        }
    }
    return false;
}

int person_note_message(struct person_work *p, int64_t id)
{
    struct person_known *k = &p->known;

    if (k->message_count == PERSON_MESSAGES_MAX) {
        return err_set(p->err, ERR_LIMIT, "more than %d messages to one person",
                       PERSON_MESSAGES_MAX);
    }
    k->messages[k->message_count++] = id;
    return 0;
}

static bool holds(struct str text, const char *part)
{
    return part[0] != '\0' && text.len > 0 &&
           memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

bool person_has_address_in(const struct person_known *k, struct str text)
{
    bool found = false;

    for (size_t i = 0; i < k->address_count && !found; i++) {
        found = holds(text, k->addresses[i].text);
    }
    return found;
}

bool person_is_named(const struct person_known *k, struct str text)
{
    bool found = holds(text, k->holder) || person_has_address_in(k, text);

    for (size_t i = 0; i < k->case_count && !found; i++) {
        found = holds(text, k->cases[i].certificate);
    }
    return found;
}
