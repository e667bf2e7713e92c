#include "CWarrenSystem.h"
#include "process.h"
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t warren_spawn(char *const arguments[], char *const environment[], int input, int output, int error, int new_session) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t process = -1;
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure != 0) {
        errno = failure;
        return -1;
    }
    failure = posix_spawnattr_init(&attributes);
    if (failure != 0) {
        posix_spawn_file_actions_destroy(&actions);
        errno = failure;
        return -1;
    }
    sigset_t none, defaults;
    sigemptyset(&none);
    sigfillset(&defaults);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (new_session ? POSIX_SPAWN_SETSID : 0);
    if ((failure = posix_spawn_file_actions_adddup2(&actions, input, 0)) == 0
        && (failure = posix_spawn_file_actions_adddup2(&actions, output, 1)) == 0
        && (failure = posix_spawn_file_actions_adddup2(&actions, error, 2)) == 0
        && (failure = posix_spawn_file_actions_addclosefrom_np(&actions, 3)) == 0
        && (failure = posix_spawnattr_setsigmask(&attributes, &none)) == 0
        && (failure = posix_spawnattr_setsigdefault(&attributes, &defaults)) == 0
        && (failure = posix_spawnattr_setflags(&attributes, flags)) == 0)
        failure = posix_spawn(&process, arguments[0], &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) {
        errno = failure;
        return -1;
    }
    return process;
}

int warren_process_descriptor(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int warren_wait(pid_t process) {
    int status;
    while (waitpid(process, &status, 0) < 0)
        if (errno != EINTR) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int warren_memory_file(void) { return memfd_create("warren", MFD_CLOEXEC); }
