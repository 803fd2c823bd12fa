#ifndef PARENT_DEATH_H
#define PARENT_DEATH_H

/// Asks the system to send this process a signal when the thread that started it ends.
///
/// \returns 0, or the code of the error; ENOSYS where the system has no such request.
int signalWhenParentDies(int signal);

#endif
