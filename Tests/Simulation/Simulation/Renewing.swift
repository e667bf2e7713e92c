import AgentCore
import WarrenFailpoints
import WarrenModel
import WarrenTrust

/// How an agent gets another certificate in time, by the connection that it has.
extension Simulation {
    func scheduleRenewal(_ gateway: Gateway, _ stream: Stream) {
        guard scenario.certificateLifetime != nil else { return }
        let wait = max(0.001, stream.certificate.term.renewalDue - wallClock(gateway.wallClockError))
        renew(gateway, stream, after: UInt64(wait * 1e9), Backoff(base: .seconds(5), cap: .seconds(300)))
    }

    private func renew(_ gateway: Gateway, _ stream: Stream, after wait: UInt64, _ backoff: Backoff) {
        after(wait, "the certificate is to be renewed", gateway.number) { [self] in
            guard gateway.stream === stream, gateway.isAgentRunning else { return }
            guard stream.certificate.term.renewalDue <= wallClock(gateway.wallClockError) else {
                return scheduleRenewal(gateway, stream)
            }
            var backoff = backoff
            let pause = UInt64(backoff.next(fraction: gateway.random.fraction()).inSeconds * 1e9)
            let next = backoff
            attempt(gateway) {
                let isAsked = try unlessDiskIsFull {
                    try ask(gateway, stream) { [self] in renew(gateway, stream, after: pause, next) }
                }
                if !isAsked { renew(gateway, stream, after: pause, next) }
            }
        }
    }

    private func unlessDiskIsFull(_ body: () throws -> Void) throws -> Bool {
        do { try body() } catch is DiskFault { return false }
        return true
    }

    private func ask(_ gateway: Gateway, _ stream: Stream, otherwise: @escaping () -> Void) throws {
        let request = try begin(stream.certificate.purpose, gateway)
        try pass(.agentRenewalKeyed, gateway)
        call(gateway) { [self] reply in
            renew(stream.certificate, request.key, reply)
        } then: { [self] answer in
            guard gateway.stream === stream, gateway.isAgentRunning else { return }
            guard case .certificate(let certificate) = answer,
                certificate.term.holds(at: wallClock(gateway.wallClockError))
            else { return otherwise() }
            guard certificate.key == request.key else { return fail("\(gateway.site) is given a certificate of another key") }
            attempt(gateway) {
                let isKept = try unlessDiskIsFull { try keep(certificate, gateway) }
                guard isKept else { return otherwise() }
                gateway.identity = certificate
                watchTerm(of: certificate, gateway)
                agentLost(stream)
                gateway.stream = nil
                connect(gateway, gateway.life)
            }
        }
    }

    private func keep(_ certificate: Certificate, _ gateway: Gateway) throws {
        try pass(.agentRenewalAnswered, gateway)
        if identityMemory(gateway).isNewestWhole {
            try gateway.disk.duplicate(Self.identityFile, as: Self.formerIdentityFile)
        }
        try gateway.disk.write(Self.identityFile, .identity(certificate)) { try pass($0, gateway) }
        try pass(.agentRenewalStored, gateway)
        try? gateway.disk.remove(Self.requestFile)
        note("\(gateway.site) has a new certificate")
    }

    /// A gateway that reaches its controller has another certificate before the one that it has ends.
    func watchTerm(of certificate: Certificate, _ gateway: Gateway) {
        guard scenario.certificateLifetime != nil else { return }
        let left = certificate.term.end - wallClock(gateway.wallClockError)
        after(UInt64(max(0, left) * 1e9), "a certificate ends", gateway.number) { [self] in
            guard identityMemory(gateway).usable == certificate, gateway.errand == nil else { return }
            // After a restore the mesh may know neither the site nor its agent: then there is none for it.
            guard controller.store.agents[gateway.site] != nil || controller.control.mesh?[gateway.site] != nil else { return }
            let isConnected = gateway.stream?.isControllerOpen == true && now - gateway.streamOpened > 45 * second
            let isHindered = gateway.disk.isFull || controller.isDiskFull || loss > 0 || gateway.slowness > 1
            if isCalm ? now - calmSince > 60 * second : isConnected && !isHindered {
                fail("the certificate of \(gateway.site) ended, and was not renewed")
            }
            help(gateway)
        }
    }
}
