/* The end of a certificate: what facts tell about it, in whatever order they come. */
#include "domain/certificate_end.h"

#include "domain/calendar.h"

/* An end that moves by less than CORRECTION_DAYS is the same certificate told more exactly. */
enum { CORRECTION_DAYS = 60 };

static bool is_successor(int64_t end_ms, int64_t former_ms)
{
    return end_ms - former_ms >= (int64_t)CORRECTION_DAYS * DAY_MS;
}

bool case_end_is_fresh(int64_t end_ms, int64_t time_ms)
{
    return end_ms - time_ms >= (int64_t)CASE_FRESH_DAYS * DAY_MS;
}

/* When the present end had been told before a time, 0 never. */
static int64_t told_before(const struct case_file *c, int64_t time_ms)
{
    if (c->end_told_ms < time_ms) {
        return c->end_told_ms;
    }
    return c->end_since_ms < time_ms ? c->end_since_ms : 0;
}

/* A new certificate has this reference from then on. */
static void succeed(struct case_file *c, int64_t end_ms, int64_t time_ms)
{
    c->extended = true;
    c->former_told_ms = told_before(c, time_ms);
    c->doubted_end_ms = 0;
    c->renewal_told_ms = 0;
    c->end_since_ms = time_ms;
    c->cycle++;
    c->known.not_after_ms = end_ms;
    c->end_told_ms = time_ms;
}

/* A renewal told the present end, so there was a certificate before. */
static void show_former(struct case_file *c, int64_t time_ms)
{
    c->extended = true;
    if (c->renewal_told_ms == 0 || time_ms < c->renewal_told_ms) {
        c->renewal_told_ms = time_ms;
    }
}

/* A far later end that something newer has contradicted: a mistake, unless its forerunner shows. */
static void doubt(struct case_file *c, int64_t end_ms, int64_t time_ms)
{
    if (end_ms > c->doubted_end_ms) {
        c->doubted_end_ms = end_ms;
        c->doubted_told_ms = time_ms;
    }
}

/*
 * The end of the certificate before the present one. Told between two facts about the present one,
 * it makes the first of them a mistake. How long it held is known when the renewal is; without one
 * what came after it is taken for the present certificate's: too silent rather than too loud.
 */
static void tell_former(struct case_file *c, int64_t time_ms)
{
    int64_t renewed_ms =
        c->renewal_told_ms != 0 ? c->renewal_told_ms : c->seen_ms[EVENT_CERTIFICATE_RENEWED];

    c->extended = true;
    if (time_ms > c->end_since_ms) {
        c->end_since_ms =
            renewed_ms <= c->end_told_ms && renewed_ms > time_ms ? renewed_ms : time_ms;
    }
    if (time_ms > c->former_told_ms) {
        c->former_told_ms = time_ms;
    }
}

/*
 * Whether this is the time of the former. When nothing but a renewal shows that there was one, what
 * told of the present certificate before the old end was told again was a mistake.
 */
static bool is_former(const struct case_file *c, int64_t time_ms)
{
    return time_ms <= c->end_since_ms || !c->extended ||
           (c->former_told_ms == 0 && c->renewal_told_ms > time_ms);
}

/* When a certificate is told of by its renewal, what tells the former end later is stale. */
static void begin_by_renewal(struct case_file *c, int64_t time_ms)
{
    c->end_since_ms = time_ms;
    if (c->former_told_ms >= time_ms) {
        c->former_told_ms = 0;
    }
}

/* An older fact tells of the present certificate; before the former end it was a mistake. */
static void begin_by_list(struct case_file *c, int64_t time_ms)
{
    if (time_ms > c->former_told_ms) {
        c->end_since_ms = time_ms;
    }
}

/* A fact not newer than the one that told the present end: what it still teaches. */
static void tell_older_end(struct case_file *c, int64_t end_ms, int64_t time_ms, bool renewal)
{
    int64_t known = c->known.not_after_ms;
    bool later = time_ms > c->end_since_ms;

    if (c->doubted_end_ms != 0 && time_ms < c->doubted_told_ms &&
        is_successor(c->doubted_end_ms, end_ms)) {
        succeed(c, c->doubted_end_ms, c->doubted_told_ms);
        c->former_told_ms = time_ms;
    } else if (is_successor(known, end_ms)) {
        if (is_former(c, time_ms)) {
            tell_former(c, time_ms);
        }
    } else if (is_successor(end_ms, known)) {
        if (later) {
            succeed(c, end_ms, time_ms); /* what told the present end later was stale */
        } else {
            doubt(c, end_ms, time_ms);
        }
    } else if (!later && renewal) {
        begin_by_renewal(c, time_ms);
    } else if (!later) {
        begin_by_list(c, time_ms);
    }
}

/*
 * The newest fact that tells an end is right; of two at the same time the later end. Only when a
 * new certificate is known, an end that lies far before its own is the old one's, told once more.
 */
static void tell_end(struct case_file *c, int64_t end_ms, int64_t time_ms, bool renewal)
{
    int64_t known = c->known.not_after_ms;

    if (time_ms < c->end_told_ms || (time_ms == c->end_told_ms && end_ms < known)) {
        tell_older_end(c, end_ms, time_ms, renewal);
    } else if (known != 0 && is_successor(end_ms, known)) {
        succeed(c, end_ms, time_ms);
    } else if (!c->extended || !is_successor(known, end_ms)) {
        if (known == 0 || is_successor(known, end_ms)) {
            doubt(c, known, c->end_told_ms);
            c->end_since_ms = time_ms;
        }
        c->known.not_after_ms = end_ms;
        c->end_told_ms = time_ms;
    }
}

/*
 * When the certificate of a renewal was told of first: by a list that was doubted until now, if no
 * old end was told between the two.
 */
static int64_t first_told(const struct case_file *c, int64_t end_ms, int64_t time_ms)
{
    int64_t listed = c->doubted_end_ms;
    bool same = listed != 0 && !is_successor(end_ms, listed) && !is_successor(listed, end_ms);
    bool next = c->doubted_told_ms < time_ms && time_ms < c->end_since_ms;

    return same && next ? c->doubted_told_ms : time_ms;
}

/*
 * "renewed" without `replaces` and with an end too far for a certificate that is about to be
 * renewed: the same reference goes on with the new end, and there was a certificate before. With
 * `replaces` the reference is the new certificate's. An end that is near cannot be a new
 * certificate's: then the source repeats the old one, and the case has ended.
 */
static void renewed_end(struct case_file *c, const struct fact *f)
{
    bool first = c->known.not_after_ms == 0;
    bool successor = f->certificate.replaces[0] != '\0';
    bool renewal = !successor && case_end_is_fresh(f->not_after_ms, f->time_ms);
    int64_t since = first_told(c, f->not_after_ms, f->time_ms);

    if (renewal && !first && is_successor(f->not_after_ms, c->known.not_after_ms)) {
        succeed(c, f->not_after_ms, f->time_ms); /* what told the old end later was stale */
        c->end_since_ms = since;
    } else {
        tell_end(c, f->not_after_ms, f->time_ms, renewal);
        c->cycle += renewal && first;
    }
    if (renewal && !is_successor(c->known.not_after_ms, f->not_after_ms)) {
        show_former(c, f->time_ms);
    }
}

void case_take_end(struct case_file *c, const struct fact *f)
{
    if (f->type == EVENT_CERTIFICATE_RENEWED) {
        renewed_end(c, f);
    } else {
        tell_end(c, f->not_after_ms, f->time_ms, false);
    }
}
