#include "CWarrenSystem.h"
#include "network_namespace.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <string.h>
#include <unistd.h>

struct opening {
    const char *name;
    short flags;
    int *queues;
    int count;
};

static int open_queue(const struct opening *opening) {
    int descriptor = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return -1;
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, opening->name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | opening->flags;
    if (ioctl(descriptor, TUNSETIFF, &request) < 0 || ioctl(descriptor, TUNSETPERSIST, 1) < 0) {
        int reason = errno;
        close(descriptor);
        errno = reason;
        return -1;
    }
    return descriptor;
}

static int close_all(int *queues, int count) {
    int reason = errno;
    for (int i = 0; i < count; i++) close(queues[i]);
    errno = reason;
    return -1;
}

/* A device is made for one queue or for several, and stays so: EINVAL tells that it is of the other kind. */
static int open_here(const void *argument) {
    struct opening opening = *(const struct opening *)argument;
    opening.flags = opening.count > 1 ? IFF_MULTI_QUEUE : 0;
    int first = open_queue(&opening);
    if (first < 0 && errno == EINVAL) {
        if (opening.count > 1) opening.count = 1;
        opening.flags ^= IFF_MULTI_QUEUE;
        first = open_queue(&opening);
    }
    if (first < 0) return -1;
    opening.queues[0] = first;
    for (int i = 1; i < opening.count; i++) {
        opening.queues[i] = open_queue(&opening);
        if (opening.queues[i] < 0) return close_all(opening.queues, i);
        if (warren_tun_queue_enable(opening.queues[i], 0) != 0) return close_all(opening.queues, i + 1);
    }
    return opening.count;
}

int warren_tun_open_queues(const char *name, const char *namespace_path, int *queues, int count) {
    struct opening opening = {.name = name, .queues = queues, .count = count};
    if (strlen(name) >= IFNAMSIZ) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return warren_in_network_namespace(namespace_path, open_here, &opening);
}

int warren_tun_open(const char *name, const char *namespace_path) {
    int queue;
    return warren_tun_open_queues(name, namespace_path, &queue, 1) < 0 ? -1 : queue;
}

int warren_tun_queue_enable(int queue, int enabled) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    request.ifr_flags = enabled ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE;
    return ioctl(queue, TUNSETQUEUE, &request);
}
