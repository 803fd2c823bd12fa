#include "ParentDeath.h"

#include <errno.h>

#if defined(__linux__)
#include <sys/prctl.h>

// Swift cannot call a function of any number of arguments, which prctl is.
int signalWhenParentDies(int signal) { return prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0UL, 0UL, 0UL) == 0 ? 0 : errno; }
#else
int signalWhenParentDies(int signal) {
    (void)signal;
    return ENOSYS;
}
#endif
