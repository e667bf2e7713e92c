#pragma once

/* Names the calling thread, for tools that list threads: at most 15 bytes. */
void warren_name_thread(const char *name);
