#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *kind_of(mode_t mode)
{
    return S_ISDIR(mode)    ? "a directory"
           : S_ISFIFO(mode) ? "a pipe"
           : S_ISSOCK(mode) ? "a socket"
                            : "a device";
}

/* <(…) and /dev/stdin: whoever started the program writes into it. */
static bool is_handed(const char *path)
{
    return str_starts(str_of(path), "/dev/fd/") || strcmp(path, "/dev/stdin") == 0;
}

int file_open(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    if (fd < 0) {
        return err_errno(e, errno, "%s", path);
    }
    if (fstat(fd, &st) != 0) {
        int why = errno;

        (void)close(fd);
        return err_errno(e, why, "%s", path);
    }
    if (S_ISFIFO(st.st_mode) && is_handed(path)) {
        (void)fcntl(fd, F_SETFL, O_RDONLY);
        return fd;
    }
    if (!S_ISREG(st.st_mode)) {
        (void)close(fd);
        return err_set(e, ERR_INVALID, "%s is %s, not a file", path, kind_of(st.st_mode));
    }
    return fd;
}
