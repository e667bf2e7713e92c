#include "thread.h"
#include <pthread.h>

void warren_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
