/* Listening sockets and who may come in. */
#include "base/log.h"
#include "loop/httpd_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024, ACCEPTS_PER_TURN = 64 };

bool httpd_is_loopback(const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)a;

        return (ntohl(in->sin_addr.s_addr) >> 24) == 127;
    }
    if (a->ss_family == AF_INET6) {
        const struct in6_addr *in6 = &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;

        return IN6_IS_ADDR_LOOPBACK(in6) || (IN6_IS_ADDR_V4MAPPED(in6) && in6->s6_addr[12] == 127);
    }
    return a->ss_family == AF_UNIX;
}

int64_t httpd_uid_of(int fd, const struct sockaddr_storage *a)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    if (a->ss_family != AF_UNIX || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
        return -1;
    }
    return (int64_t)peer.uid;
}

/* One household: the IPv4 address, or the /64 that one IPv6 user has whole. */
static bool same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family) {
        return false;
    }
    if (a->ss_family == AF_INET) {
        return ((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr ==
               ((const struct sockaddr_in *)(const void *)b)->sin_addr.s_addr;
    }
    if (a->ss_family == AF_INET6) {
        const struct in6_addr *x = &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
        const struct in6_addr *y = &((const struct sockaddr_in6 *)(const void *)b)->sin6_addr;
        size_t prefix = IN6_IS_ADDR_V4MAPPED(x) ? 16 : 8;

        return memcmp(x, y, prefix) == 0;
    }
    return true;
}

static size_t connections_of(const struct httpd *s, const struct sockaddr_storage *peer)
{
    size_t n = 0;

    list_each(node, &s->connections)
    {
        n += same_address(&list_entry(node, struct http_connection, node)->peer, peer);
    }
    return n;
}

static bool may_enter(const struct httpd *s, const struct sockaddr_storage *peer)
{
    const struct httpd_options *o = &s->options;
    bool loopback = httpd_is_loopback(peer);
    size_t reserved = loopback || o->reserved_loopback >= o->connections ? 0 : o->reserved_loopback;

    if (s->connection_count >= o->connections - reserved) {
        return false;
    }
    if (o->connections_per_address == 0 || (loopback && o->exempt_loopback)) {
        return true;
    }
    return connections_of(s, peer) < o->connections_per_address;
}

static void turn_away(struct httpd *s, int fd)
{
    httpd_send_raw_problem(s, fd, 503, "too_many_connections");
    shutdown(fd, SHUT_WR);
    close(fd);
}

static void let_in(struct httpd *s, int fd, const struct sockaddr_storage *peer, socklen_t len)
{
    int yes = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    s->accepting_fd = fd;
    s->accepting_peer = *peer;
    /* httpd_on_connection() is called from in here; on failure the parser closes the socket. */
    (void)MHD_add_connection(s->mhd, fd, (const struct sockaddr *)peer, len);
}

/* Out of descriptors: the spare one makes room to take the client and send it away. */
static void refuse_without_descriptor(struct httpd *s, int listen_fd)
{
    int fd;

    log_warning("http_no_descriptors", LOG_I("connections", s->connection_count));
    if (s->spare_fd < 0) {
        return;
    }
    close(s->spare_fd);
    fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        turn_away(s, fd);
    }
    s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* False when nobody is waiting any more. */
static bool accept_one(struct httpd *s, int listen_fd)
{
    struct sockaddr_storage peer = {0};
    socklen_t len = sizeof peer;
    int fd = accept4(listen_fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE) {
            refuse_without_descriptor(s, listen_fd);
        }
        return errno == ECONNABORTED || errno == EINTR;
    }
    if (may_enter(s, &peer)) {
        let_in(s, fd, &peer, len);
    } else {
        turn_away(s, fd);
    }
    return true;
}

static void on_incoming(uv_poll_t *poll, int status, int events)
{
    struct httpd_listener *l = poll->data;

    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPTS_PER_TURN && accept_one(l->server, l->fd); i++) {
    }
    httpd_pump(l->server);
}

static void on_listener_closed(uv_handle_t *h)
{
    struct httpd_listener *l = h->data;

    close(l->fd);
    free(l);
}

void httpd_close_listeners(struct httpd *s)
{
    for (size_t i = 0; i < s->listener_count; i++) {
        uv_close((uv_handle_t *)&s->listeners[i]->poll, on_listener_closed);
    }
    s->listener_count = 0;
}

int httpd_listen_fd(struct httpd *s, int fd, struct err *e)
{
    struct httpd_listener *l = calloc(1, sizeof *l);
    int rc;

    if (l == NULL || s->listener_count == HTTPD_LISTENERS_MAX || s->stopping) {
        free(l);
        close(fd);
        return err_set(e, ERR_LIMIT, "no more than %d listening sockets", HTTPD_LISTENERS_MAX);
    }
    rc = uv_poll_init(s->loop, &l->poll, fd);
    if (rc != 0) {
        free(l);
        close(fd);
        return err_set(e, ERR_IO, "cannot watch the listening socket: %s", uv_strerror(rc));
    }
    l->server = s;
    l->fd = fd;
    l->poll.data = l;
    uv_poll_start(&l->poll, UV_READABLE, on_incoming);
    s->listeners[s->listener_count++] = l;
    return 0;
}

static int parse_address(const char *address, int port, struct sockaddr_storage *ret)
{
    if (port < 0 || port > 65535) {
        return ERR_INVALID;
    }
    if (uv_ip4_addr(address, port, (struct sockaddr_in *)(void *)ret) == 0 ||
        uv_ip6_addr(address, port, (struct sockaddr_in6 *)(void *)ret) == 0) {
        return 0;
    }
    return ERR_INVALID;
}

static int bind_and_listen(int fd, const struct sockaddr_storage *a)
{
    socklen_t len =
        a->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    int yes = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        (a->ss_family == AF_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) != 0)) {
        return -1;
    }
    if (bind(fd, (const struct sockaddr *)a, len) != 0) {
        return -1;
    }
    return listen(fd, BACKLOG);
}

static int bound_port(int fd)
{
    struct sockaddr_storage a = {0};
    socklen_t len = sizeof a;

    if (getsockname(fd, (struct sockaddr *)&a, &len) != 0) {
        return 0;
    }
    return ntohs(a.ss_family == AF_INET ? ((struct sockaddr_in *)(void *)&a)->sin_port
                                        : ((struct sockaddr_in6 *)(void *)&a)->sin6_port);
}

/* Nobody else can open the socket, not even between its making and a later chmod. */
static int bind_privately(int fd, const struct sockaddr_un *a)
{
    const mode_t before = umask(0177);
    const int rc = bind(fd, (const struct sockaddr *)a, sizeof *a);

    (void)umask(before);
    return rc == 0 ? listen(fd, BACKLOG) : rc;
}

int httpd_listen_unix(struct httpd *s, const char *path, struct err *e)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd;

    if (str_copy(a.sun_path, sizeof a.sun_path, str_of(path)) != 0) {
        return err_set(e, ERR_INVALID, "the path of a socket has at most %zu bytes: %s",
                       sizeof a.sun_path - 1, path);
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)unlink(path);
    if (fd < 0 || bind_privately(fd, &a) != 0) {
        int errnum = errno;

        if (fd >= 0) {
            close(fd);
        }
        return err_errno(e, errnum, "cannot listen on %s", path);
    }
    return httpd_listen_fd(s, fd, e);
}

int httpd_listen(struct httpd *s, const char *address, int port, int *ret_port, struct err *e)
{
    struct sockaddr_storage a = {0};
    int fd;

    if (parse_address(address, port, &a) != 0) {
        return err_set(e, ERR_INVALID, "%s port %d is not a numeric address to listen on", address,
                       port);
    }
    fd = socket(a.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind_and_listen(fd, &a) != 0) {
        int errnum = errno;

        if (fd >= 0) {
            close(fd);
        }
        return err_errno(e, errnum, "cannot listen on %s port %d", address, port);
    }
    if (ret_port != NULL) {
        *ret_port = bound_port(fd);
    }
    return httpd_listen_fd(s, fd, e);
}
