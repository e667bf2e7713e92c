import AgentCore
import Testing
import WarrenModel
import WarrenPlan

@testable import WarrenWire

@Suite struct DesiredStateMappingTests {
    @Test func roundTrip() throws {
        let state = try Sample.state()
        let bytes = try state.serialized()
        #expect(try DesiredState(serialized: bytes) == state)
        #expect(try state.serialized() == bytes)
    }

    @Test func aFloorOfKeysIsTold() throws {
        var state = try Sample.state()
        let plain = state.plan.ike[0]
        #expect(try DesiredState(wire: state.wire).plan.ike[0].keyFloor == nil)
        state.plan.ike[0] = IKEPeer(
            peer: plain.peer, outer: plain.outer, initiator: plain.initiator, parameters: plain.parameters,
            selectors: plain.selectors, key: plain.key, keyFloor: plain.key.epoch)
        #expect(try DesiredState(wire: state.wire) == state)
        // An older agent runs it, too: as before, what was made under the former key runs out there.
        #expect(state.wire.protocolVersion == WireVersion.first.wire)
    }

    /// Each entry breaks one rule of an otherwise sound message; the reader names the field.
    @Test(arguments: Sample.faults.indices) func refuses(index: Int) throws {
        let (field, breakIt) = Sample.faults[index]
        var message = try Sample.state().wire
        breakIt(&message)
        let error = #expect(throws: WireError.self) { try DesiredState(wire: message) }
        #expect(error?.field.hasPrefix(field) == true, "\(error.map { "\($0)" } ?? "no error")")
    }

    @Test func refusesOtherBytes() throws {
        let bytes = try Sample.state().serialized()
        #expect(throws: WireError.self) { try DesiredState(serialized: []) }
        #expect(throws: WireError.self) { try DesiredState(serialized: [0xff, 0xff, 0xff]) }
        #expect(throws: WireError.self) { try DesiredState(serialized: Array(bytes.dropLast(5))) }
    }

    /// Whatever byte is damaged, the reader returns or throws: it never traps.
    @Test func survivesDamage() throws {
        let bytes = try Sample.state().serialized()
        var refused = 0
        for index in bytes.indices {
            for flip: UInt8 in [0x01, 0x80, 0xff] {
                var damaged = bytes
                damaged[index] ^= flip
                if (try? DesiredState(serialized: damaged)) == nil { refused += 1 }
            }
        }
        #expect(refused > bytes.count)
    }

    @Test func errorsHoldNoKey() throws {
        var message = try Sample.state().wire
        message.keys[0].secret.append(7)
        let error = #expect(throws: WireError.self) { try DesiredState(wire: message) }
        #expect(error?.description == "keys: a key is not 32 bytes")
    }
}

@Suite struct ReportMappingTests {
    @Test func roundTrip() throws {
        let report = try Sample.report()
        #expect(try AgentReport(wire: report.wire, from: report.site) == report)
    }

    @Test func siteIsTheSenders() throws {
        let other = try #require(SiteName("oslo"))
        #expect(try AgentReport(wire: try Sample.report().wire, from: other).site == other)
    }

    @Test func textForPeopleSteersNoTerminal() throws {
        var message = try Sample.report().wire
        message.drift = ["a\u{1b}[2Jb\nc"]
        message.failure = "caf\u{e9}"
        let report = try AgentReport(wire: message, from: try #require(SiteName("berlin")))
        #expect(report.drift == ["a [2Jb c"])
        #expect(report.failure == "café")
    }

    @Test(
        arguments: [
            { (m: inout Warren_Agent_V1_AgentReport) in m.probes[0].lastAnswerSecondsAgo = .nan },
            { m in m.probes[0].roundTripMilliseconds = -1 },
            { m in m.securityAssociations[0].encryption = "rot13" },
            { m in m.ike[0].state = .UNRECOGNIZED(9) },
            { m in m.tunnels[0].clearTunnel() },
            { m in m.failure = String(repeating: "x", count: 5000) },
        ] as [@Sendable (inout Warren_Agent_V1_AgentReport) -> Void])
    func refuses(breakIt: @Sendable (inout Warren_Agent_V1_AgentReport) -> Void) throws {
        var message = try Sample.report().wire
        breakIt(&message)
        #expect(throws: WireError.self) { try AgentReport(wire: message, from: try #require(SiteName("berlin"))) }
    }
}

@Suite struct EnrolmentTokenTests {
    let token = EnrolmentToken(
        site: SiteName("berlin")!, authorityFingerprint: Array(0..<32), secret: SecretBytes(Array(100..<132)),
        controller: "203.0.113.1:7444")!

    @Test func roundTrip() throws {
        let read = try #require(EnrolmentToken(text: "\n \(token.text())\r\n"))
        #expect(read.site == token.site)
        #expect(read.authorityFingerprint == token.authorityFingerprint)
        #expect(read.secret == token.secret)
        #expect(read.controller == "203.0.113.1:7444")
    }

    @Test func textIsSafeInURLsAndShells() {
        #expect(
            token.text().utf8.allSatisfy { byte in
                "-_".utf8.contains(byte) || Character(.init(byte)).isLetter || Character(.init(byte)).isNumber
            })
    }

    @Test func showsNoSecret() {
        #expect("\(token)" == "<enrolment token of berlin>")
        #expect(!String(reflecting: token).contains(token.text()))
    }

    @Test func refusesPartsAndMore() {
        let text = token.text()
        for count in 0..<text.count { #expect(EnrolmentToken(text: String(text.prefix(count))) == nil) }
        #expect(EnrolmentToken(text: text + "AAAA") == nil)
        #expect(EnrolmentToken(text: "B" + text.dropFirst()) == nil)
        #expect(EnrolmentToken(text: String(repeating: "A", count: 100_000)) == nil)
        #expect(EnrolmentToken(text: "é\(text)") == nil)
    }
}
