import WarrenFailpoints

/// What a controller makes at its first start, in files beside its store: its authority and the mesh's secret.
extension Simulation {
    private static let keyFile = "ca.key", certificateFile = "ca.pem", secretFile = "mesh-secret"

    /// What the file holds, or what it holds from now on.
    private func load(_ name: String, otherwise point: Failpoint) throws -> Int {
        if let kept = controller.disk.number(name) { return kept }
        let made = serial()
        controller.disk.isFull = controller.isDiskFull
        try controller.disk.write(name, .number(made), points: Failpoint.controllerFile) { try passController($0) }
        try passController(point)
        return made
    }

    func openState() throws {
        let disk = controller.disk
        if disk.number(Self.keyFile) == nil, disk.number(Self.certificateFile) != nil {
            return fail("the authority's certificate is there, and its key is not")
        }
        let key = try load(Self.keyFile, otherwise: .controllerAuthorityKeyed)
        let certificate = try load(Self.certificateFile, otherwise: .controllerAuthorityMade)
        let secret = try load(Self.secretFile, otherwise: .controllerSecretMade)
        let state = [key, certificate, secret]
        if let known = controller.promisedState, known != state {
            fail("the authority or the mesh's secret is another than the one that was used")
        }
        controller.authority = certificate
        controller.promisedState = state
    }
}
