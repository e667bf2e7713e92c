import Glibc
import WarrenModel

extension Lab {
    /// Becomes a command in the namespace of a site's gateway, or of the host behind it: this process's terminal, standard
    /// files and exit status are the command's. Returns only by throwing.
    public static func becomeCommand(_ command: [String], at site: SiteName, onHost: Bool, of names: LabNames) throws {
        try NamespaceShell.requireMeans()
        let namespace = onHost ? names.host(of: site) : names.gateway(of: site)
        guard ProcessTable.namespaces(startingWith: namespace).contains(namespace) else {
            throw LabError(.wrongState, "no lab of mesh '\(names.mesh)' with a site '\(site)' is up")
        }
        let arguments: [UnsafeMutablePointer<CChar>?] = LabPrograms.enter(namespace, command).map { strdup($0) } + [nil]
        execvp("ip", arguments)
        let reason = String(cString: strerror(errno))
        for argument in arguments { free(argument) }
        throw LabError(.missingProgram, "cannot start 'ip': \(reason)")
    }
}
