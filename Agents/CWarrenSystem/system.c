#include "CWarrenSystem.h"
