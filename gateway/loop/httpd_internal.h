/* What the files of the HTTP server share; nobody else includes this. */
#pragma once

#include "base/list.h"
#include "base/rng.h"
#include "loop/httpd.h"

#include <microhttpd.h>
#include <netinet/in.h>

enum {
    HTTPD_LISTENERS_MAX = 8,
    HTTPD_GRACE_MAX_MS = 5000,     /* of request_ms, kept for writing a late 503 */
    HTTPD_SWALLOW_MS = 2000,       /* how long a refused body is read on before the cut */
    HTTPD_SWALLOW_BYTES = 4 << 20, /* and how much of it */
    HTTPD_PROBLEM_MAX = 8192
};

#define HTTPD_RETRY_AFTER "5" /* seconds, with every 503 made here */

enum http_phase { PHASE_HEAD, PHASE_BODY, PHASE_HANDLING, PHASE_REPLY };

struct http_connection {
    struct list node;
    struct httpd *server;
    struct MHD_Connection *mhd;
    int fd;
    struct sockaddr_storage peer;
    enum http_phase phase;
    int64_t deadline;         /* loop time at which the phase must be over */
    struct http_request *req; /* the one being read or answered; null between requests */
    bool begun;               /* a request line was read, or the parser answered */
    bool cut;
};

struct httpd_listener {
    uv_poll_t poll;
    struct httpd *server;
    int fd;
};

struct httpd {
    uv_loop_t *loop;
    struct httpd_options options;
    struct httpd_handlers handlers;
    void *ctx;
    struct MHD_Daemon *mhd;
    uv_poll_t poll;
    uv_prepare_t prepare;
    uv_timer_t tick;  /* deadlines; runs while connections are open */
    uv_timer_t again; /* the parser has more to do than one turn of the loop may take */
    struct httpd_listener *listeners[HTTPD_LISTENERS_MAX];
    size_t listener_count;
    struct list connections;
    size_t connection_count;
    int accepting_fd; /* handed to the parser right now */
    struct sockaddr_storage accepting_peer;
    int spare_fd;      /* given up to refuse a client when descriptors run out */
    uint64_t progress; /* counts what the parser told us */
    bool resumed;
    bool pumping;
    bool stopping;
    bool finishing;
    int64_t stop_deadline;
    size_t closing; /* uv handles not yet closed */
    void (*closed)(void *ctx);
    void *closed_ctx;
    struct rng rng;
};

enum http_stage { STAGE_LINE, STAGE_BODY, STAGE_HANDLING, STAGE_DONE };

struct http_pair {
    struct str name;
    struct str value;
};

/* Freed when neither the connection nor the handler holds it. */
struct http_request {
    struct httpd *server;         /* null once the connection is gone */
    struct http_connection *conn; /* null once the connection is gone */
    bool handed;                  /* the handler has it and has not replied */
    bool in_handler;
    enum http_stage stage;
    enum http_method method;
    char *target;
    size_t target_len;
    struct str path;
    struct str query;
    char *head; /* copy of names and values */
    struct http_pair *pairs;
    size_t pair_count;
    struct buf body;
    size_t body_limit;
    size_t swallowed;
    int refuse_status; /* an error found while reading; 0 for none */
    const char *refuse_code;
    char peer[INET6_ADDRSTRLEN];
    bool loopback;
    int64_t uid; /* of a unix socket's peer, -1 */
    char id[65];
    int64_t began;
    int64_t request_deadline;
    int status;
    struct MHD_Response *response; /* prepared, not yet queued */
    void (*aborted)(void *ctx, struct http_request *req);
    void *abort_ctx;
};

/* httpd.c */
void httpd_pump(struct httpd *s);

/* httpd_listen.c */
void httpd_close_listeners(struct httpd *s);
bool httpd_is_loopback(const struct sockaddr_storage *a);
/* SO_PEERCRED of a unix socket, -1 for others. */
int64_t httpd_uid_of(int fd, const struct sockaddr_storage *a);

/* httpd_connection.c */
void httpd_on_connection(void *cls, struct MHD_Connection *mhd, void **socket_ctx,
                         enum MHD_ConnectionNotificationCode what);
void httpd_on_tick(uv_timer_t *timer);
/* Ends a connection without waiting for its client. */
void httpd_cut(struct http_connection *c);
/* Cuts whatever still runs. */
void httpd_cut_all(struct httpd *s, bool running_too);
/* Writes a complete error answer straight to a socket the parser has not written to. */
void httpd_send_raw_problem(struct httpd *s, int fd, int status, const char *code);

/* httpd_request.c */
void *httpd_on_target(void *cls, const char *target, struct MHD_Connection *mhd);
enum MHD_Result httpd_on_access(void *cls, struct MHD_Connection *mhd, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *data_size, void **request_ctx);
void httpd_on_completed(void *cls, struct MHD_Connection *mhd, void **request_ctx,
                        enum MHD_RequestTerminationCode code);
struct http_connection *httpd_connection_of(struct MHD_Connection *mhd);
/* The connection lets go of its request. */
void http_request_detach(struct http_request *r);
void http_request_free(struct http_request *r);

/* httpd_head: reading the fields of a request */
/* Copies target and fields and judges them; sets refuse_status and refuse_code. False: no memory.
 */
bool http_request_read_head(struct http_request *r, const char *method, const char *version);

/* httpd_reply.c */
void httpd_new_request_id(struct httpd *s, char out[65]);
/* The prepared response goes to the parser. */
enum MHD_Result http_queue(struct http_request *r);
/* Prepares the problem document as the response. False without memory. */
bool http_prepare_problem(struct http_request *r, int status, const char *code);
const char *http_code_of_status(int status);
