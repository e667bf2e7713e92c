#ifndef WARREN_CBUILD_H
#define WARREN_CBUILD_H

/* What the build was told of itself; empty texts where it was not told. */
const char *warren_build_commit(void);
const char *warren_build_compiler(void);

#endif
