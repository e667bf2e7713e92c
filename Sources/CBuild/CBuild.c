#include "CBuild.h"

#ifndef WARREN_COMMIT
#define WARREN_COMMIT ""
#endif
#ifndef WARREN_COMPILER
#define WARREN_COMPILER ""
#endif

const char *warren_build_commit(void) { return WARREN_COMMIT; }

const char *warren_build_compiler(void) { return WARREN_COMPILER; }
