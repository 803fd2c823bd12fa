import ArgumentParser
import MemoryRefusal
import Outputs

/// The end of a process that the system refuses memory: a message, no unfinished file, and the status of an error of input and output.
enum RefusedMemory {
    /// From now on a refusal ends the process so. Elsewhere than with glibc it is the runtime's, which aborts.
    static func endsTheProcess() {
        _ = xentEndOnMemoryRefusal(ExitStatus.inputOutput.rawValue) { OutputFile.discardAllWithoutWaiting() }
    }
}
