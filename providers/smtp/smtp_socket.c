#include "providers/smtp/smtp_socket.h"

#include "base/clock.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SLICE_MS = 200 }; /* how late a cancel may be noticed */

static _Thread_local struct smtp_line *current;

static int64_t now_ms(void)
{
    return clock_mono_ms(clock_system());
}

static int system_poll(struct pollfd *fds, nfds_t count, int64_t timeout_ms)
{
    struct timespec ts = {.tv_sec = timeout_ms / 1000, .tv_nsec = (timeout_ms % 1000) * 1000000};

    return ppoll(fds, count, timeout_ms < 0 ? NULL : &ts, NULL);
}

void smtp_line_adopt(struct smtp_line *line)
{
    current = line;
}

void smtp_line_cut(struct smtp_line *line, enum smtp_cut why)
{
    if (line->cut == SMTP_CUT_NONE) {
        line->cut = why;
    }
    if (line->fd >= 0) {
        (void)shutdown(line->fd, SHUT_RDWR);
    }
}

void smtp_line_allow(struct smtp_line *line, int64_t ms)
{
    line->deadline_ms = now_ms() + ms;
}

bool smtp_line_hung_up(const struct smtp_line *line)
{
    struct pollfd p = {.fd = line->fd, .events = POLLRDHUP};
    int pending = 0;

    if (system_poll(&p, 1, 0) <= 0) {
        return false;
    }
    return ioctl(line->fd, FIONREAD, &pending) != 0 || pending == 0;
}

/* Cuts the line when its time is up or somebody asked; true when it is cut. */
static bool line_over(struct smtp_line *line)
{
    if (line->cut == SMTP_CUT_NONE) {
        if (atomic_load(line->cancel)) {
            smtp_line_cut(line, SMTP_CUT_CANCELLED);
        } else if (now_ms() >= line->deadline_ms) {
            smtp_line_cut(line, SMTP_CUT_TIMEOUT);
        }
    }
    return line->cut != SMTP_CUT_NONE;
}

static int64_t slice(const struct smtp_line *line, int64_t end_ms)
{
    int64_t now = now_ms();
    int64_t until = now + SLICE_MS;

    until = line->deadline_ms < until ? line->deadline_ms : until;
    until = end_ms < until ? end_ms : until;
    return until > now ? until - now : 0;
}

/*
 * libesmtp asks for reading and writing at once and then reads first. When something is there to
 * read before its command has left (TLS 1.3 session tickets do that) it waits for the answer to a
 * command it never sent. Writing goes first.
 */
static int write_first(struct pollfd *fds, nfds_t count, int ready)
{
    if (ready == 2 && count == 2 && fds[0].fd == fds[1].fd && fds[0].revents == POLLIN &&
        (fds[1].revents & POLLOUT) != 0) {
        fds[0].revents = 0;
        return 1;
    }
    return ready;
}

/*
 * Returns 0, as after a timeout, when the line is cut; libesmtp then gives up. A timeout of its own
 * cuts the line too: libesmtp would silently leave out what it could not write and carry on.
 */
static int line_poll(struct smtp_line *line, struct pollfd *fds, nfds_t count, int timeout)
{
    int64_t end = timeout < 0 ? INT64_MAX : now_ms() + timeout;

    for (;;) {
        int ready;

        if (line_over(line)) {
            return 0;
        }
        ready = system_poll(fds, count, slice(line, end));
        if (ready != 0) {
            return write_first(fds, count, ready);
        }
        if (timeout == 0) {
            return 0;
        }
        if (now_ms() >= end) {
            smtp_line_cut(line, SMTP_CUT_TIMEOUT);
        }
    }
}

static bool is_lines(const struct smtp_line *line, const struct pollfd *fds, nfds_t count)
{
    for (nfds_t i = 0; i < count; i++) {
        if (fds[i].fd != line->fd) {
            return false;
        }
    }
    return count > 0;
}

/* Waits until the connection stands or failed; the error as connect() would give it, or 0. */
static int finish_connect(struct smtp_line *line, int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int result = 0;
    socklen_t len = sizeof result;

    smtp_line_allow(line, line->connect_ms);
    while (now_ms() < line->deadline_ms && !atomic_load(line->cancel)) {
        if (system_poll(&p, 1, slice(line, INT64_MAX)) > 0) {
            return getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &len) == 0 ? result : errno;
        }
    }
    return atomic_load(line->cancel) ? ECANCELED : ETIMEDOUT;
}

static int line_connect(struct smtp_line *line, int fd, const struct sockaddr *addr, socklen_t len)
{
    int flags = fcntl(fd, F_GETFL);
    int result = atomic_load(line->cancel) ? ECANCELED : 0;

    if (result == 0 && (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)) {
        result = errno;
    }
    if (result == 0 && syscall(SYS_connect, fd, addr, len) != 0) {
        result = errno == EINPROGRESS ? finish_connect(line, fd) : errno;
    }
    (void)fcntl(fd, F_SETFL, flags);
    line->connect_errno = result;
    errno = result;
    return result == 0 ? 0 : -1;
}

/*
 * TCP_NODELAY: libesmtp writes in blocks of 2 KiB and never sets it, so that with Nagle's algorithm
 * and delayed acknowledgements every longer message takes 40 ms.
 */
int socket(int domain, int type, int protocol)
{
    int fd =
        (int)syscall(SYS_socket, domain, current != NULL ? type | SOCK_CLOEXEC : type, protocol);
    int on = 1;

    if (current != NULL && fd >= 0 && (type & 0xf) == SOCK_STREAM &&
        (domain == AF_INET || domain == AF_INET6)) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        current->fd = fd; /* libesmtp goes on to a host's next address after a bad greeting */
        current->cut = SMTP_CUT_NONE;
    }
    return fd;
}

int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    if (current != NULL && fd == current->fd) {
        return line_connect(current, fd, addr, len);
    }
    return (int)syscall(SYS_connect, fd, addr, len);
}

/* poll() under another name here: the C library's declaration says that fds is only written. */
int smtp_poll(struct pollfd *fds, nfds_t count, int timeout) __asm__("poll");

int smtp_poll(struct pollfd *fds, nfds_t count, int timeout)
{
    if (current != NULL && is_lines(current, fds, count)) {
        return line_poll(current, fds, count, timeout);
    }
    return system_poll(fds, count, timeout);
}

int smtp_socket_check(struct err *e)
{
    if (dlsym(RTLD_DEFAULT, "socket") == (void *)socket &&
        dlsym(RTLD_DEFAULT, "connect") == (void *)connect &&
        dlsym(RTLD_DEFAULT, "poll") == (void *)smtp_poll) {
        return 0;
    }
    return err_set(e, ERR_WRONG_STATE,
                   "the program does not export its socket functions to libesmtp; link it with "
                   "-rdynamic");
}
