#include "CWarrenSystem.h"
#include "control_socket.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

ssize_t warren_send(int socket, const void *bytes, size_t length, const int *descriptors, size_t count) {
    struct iovec vector = {.iov_base = (void *)bytes, .iov_len = length};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(WARREN_MOST_DESCRIPTORS * sizeof(int))];
    } control;
    if (count > WARREN_MOST_DESCRIPTORS) {
        errno = EINVAL;
        return -1;
    }
    if (count > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

ssize_t warren_receive(int socket, void *bytes, size_t capacity, int *descriptors, size_t *count) {
    struct iovec vector = {.iov_base = bytes, .iov_len = capacity};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE((WARREN_MOST_DESCRIPTORS + 1) * sizeof(int))];
    } control;
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    *count = 0;
    ssize_t length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (length < 0) return length;
    size_t total = 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t arrived = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t index = 0; index < arrived; index++) {
            int received;
            memcpy(&received, CMSG_DATA(header) + index * sizeof(int), sizeof(int));
            if (total++ < WARREN_MOST_DESCRIPTORS) descriptors[total - 1] = received;
            else close(received);
        }
    }
    if (total > WARREN_MOST_DESCRIPTORS) {
        for (size_t index = 0; index < WARREN_MOST_DESCRIPTORS; index++) close(descriptors[index]);
        total = 0;
    }
    *count = total;
    return length;
}

int warren_peer_credentials(int socket, uid_t *user, pid_t *process) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0) return -1;
    *user = credentials.uid;
    *process = credentials.pid;
    return 0;
}

static int fill(struct sockaddr_un *address, const char *path) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address->sun_path, path);
    return 0;
}

static int close_keeping_errno(int descriptor) {
    int reason = errno;
    close(descriptor);
    errno = reason;
    return -1;
}

int warren_control_listen(const char *path) {
    struct sockaddr_un address;
    if (fill(&address, path) < 0) return -1;
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0) return -1;
    if (unlink(path) < 0 && errno != ENOENT) return close_keeping_errno(listener);
    mode_t previous = umask(0177);
    int bound = bind(listener, (struct sockaddr *)&address, sizeof address);
    umask(previous);
    if (bound < 0 || listen(listener, 8) < 0) return close_keeping_errno(listener);
    return listener;
}

int warren_control_connect(const char *path) {
    struct sockaddr_un address;
    if (fill(&address, path) < 0) return -1;
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0) return -1;
    if (connect(connection, (struct sockaddr *)&address, sizeof address) < 0) return close_keeping_errno(connection);
    return connection;
}

int warren_control_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }
