#include "CWarrenSystem.h"
#include "network_namespace.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

struct call {
    const char *path;
    int (*body)(const void *);
    const void *argument;
    int result;
    int reason;
};

static void *enter_and_call(void *context) {
    struct call *call = context;
    call->result = -1;
    int descriptor = open(call->path, O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0) {
        if (setns(descriptor, CLONE_NEWNET) == 0) call->result = call->body(call->argument);
        call->reason = errno;
        close(descriptor);
    } else {
        call->reason = errno;
    }
    return NULL;
}

int warren_in_network_namespace(const char *path, int (*body)(const void *), const void *argument) {
    if (path == NULL) return body(argument);
    struct call call = {.path = path, .body = body, .argument = argument};
    pthread_t thread;
    int failure = pthread_create(&thread, NULL, enter_and_call, &call);
    if (failure != 0) {
        errno = failure;
        return -1;
    }
    pthread_join(thread, NULL);
    errno = call.reason;
    return call.result;
}

struct write_call {
    const char *path;
    const char *text;
};

static int write_here(const void *argument) {
    const struct write_call *call = argument;
    int descriptor = open(call->path, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return -1;
    size_t length = strlen(call->text);
    ssize_t written = write(descriptor, call->text, length);
    int reason = errno;
    close(descriptor);
    errno = reason;
    return written == (ssize_t)length ? 0 : -1;
}

int warren_write_in_network_namespace(const char *namespace_path, const char *path, const char *text) {
    struct write_call call = {.path = path, .text = text};
    return warren_in_network_namespace(namespace_path, write_here, &call);
}
