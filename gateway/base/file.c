#include "base/file.h"

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
    if (!S_ISREG(st.st_mode)) {
        (void)close(fd);
        return err_set(e, ERR_INVALID, "%s is %s, not a file", path, kind_of(st.st_mode));
    }
    return fd;
}
