import Foundation
import Glibc
import Testing
import WarrenFailpoints
import WarrenModel

@testable import WarrenLab

/// In the course of what something dies.
enum Death: Sendable {
    /// The gateway restarts: nothing is in its kernel, and no program runs.
    case booting
    /// The agent, while a network takes the place of another.
    case changing
    /// The agent, while its only link goes.
    case draining
    /// The agent, going back by itself from what nobody confirmed.
    case goingBack
    /// The agent, going back since somebody on the gateway asks.
    case rollingBackByHand
    /// The agent, renewing its certificate.
    case renewing
    /// The daemon, while its agent sets it up.
    case settingUp
    /// The daemon, while its only peer goes.
    case tearingDown
    /// The controller, while agents connect.
    case serving
    /// The controller, while it leads a roll-out.
    case rollingOut
    /// The controller, told to abort a roll-out, or to roll it back.
    case aborting, rollingBack
    /// The controller, renewing an agent's certificate.
    case certifying
    /// The controller, learning where a site is.
    case learning

    /// What such a mesh must be like.
    var ward: Ward.Kind {
        switch self {
        case .renewing, .certifying: .shortLived
        case .learning: .roaming
        default: .steady
        }
    }

    func happen(to ward: Ward, _ doom: Doom) async throws {
        switch self {
        case .booting:
            try await ward.crash()
            try await ward.awaitDeath(of: try ward.startAgent(doom), doom)
            try ward.startAgent()
        case .changing: try await ward.loseAgent(doom) { try await ward.change(doom) }
        case .draining: try await ward.loseAgent(doom) { try await ward.drain() }
        case .goingBack: try await ward.goBack(doom)
        case .rollingBackByHand:
            try await ward.loseAgent(doom) { try await ward.rollBackByHand() }
            // It holds what it went back to until there is something newer.
            try await ward.awaitSessions(or: nil)
            #expect(try await ward.apply())
        case .renewing: try await ward.loseAgent(doom) {}
        case .settingUp:
            try await ward.crash()
            // It goes on without the variable, which has done its work.
            try ward.startAgent(doom)
            try await doom.await { tail(of: ward.agentLog) }
        case .tearingDown:
            try await ward.crash()
            try ward.startAgent(doom)
            try await ward.awaitWell()
            try await ward.drain()
            try await doom.await { tail(of: ward.agentLog) }
        case .serving, .certifying: try await ward.loseController(doom) {}
        case .rollingOut: try await ward.loseController(doom) { try await ward.apply() }
        case .aborting: try await ward.loseController(doom) { try await ward.order("abort") }
        case .rollingBack: try await ward.loseController(doom) { try await ward.order("rollback") }
        case .learning: try await ward.loseController(doom) { try await ward.move() }
        }
        switch self {
        case .draining:
            try await ward.awaitWell(isDrained: true)
            try await ward.undrain()
        case .tearingDown:
            // The daemon that its agent lost on a trial is a reason to go back: the site is drained, or is not.
            try await ward.awaitWell(isDrained: nil)
            if try await ward.status().hasNoLink { try await ward.undrain() }
        default: break
        }
    }
}

extension Ward {
    func crash() async throws { try await lab.losePower(of: first) }

    func awaitDeath(of pid: pid_t, _ doom: Doom) async throws {
        #expect(try await signal(ending: pid) == SIGKILL, "\(doom.point.rawValue)")
    }

    /// Returns when the controller has noticed, so that a session seen later is the next agent's.
    private func killAgent() async throws {
        try await lab.end("warren-agent", in: first.gatewayNamespace, signal: SIGKILL)
        try await awaitCondition("the controller misses the agent", within: .seconds(30)) {
            (try? await status())?.sites.first { $0.site == first.name }?.connected == false ? true : nil
        }
    }

    /// The agent dies in the course of `change`, or as soon as it is back.
    func loseAgent(_ doom: Doom, _ change: () async throws -> Void) async throws {
        try await killAgent()
        let pid = try startAgent(doom)
        try await awaitSessions(or: doom)
        if !doom.isFulfilled { try await change() }
        try await awaitDeath(of: pid, doom)
        try startAgent()
    }

    /// Only the second change of a mesh is sure to take something away.
    func change(_ doom: Doom) async throws {
        for _ in 0..<2 where !doom.isFulfilled {
            try await apply()
            try await awaitCondition("the change is over", within: .seconds(60)) {
                let isOver = (try? await status())?.isRollingOut == false
                return doom.isFulfilled || isOver ? true : nil
            }
        }
    }

    func loseController(_ doom: Doom, _ change: () async throws -> Void) async throws {
        try await lab.end("warrend", in: lab.names.controller, signal: SIGKILL)
        let pid = try await startController(doom)
        try await awaitSessions(or: doom)
        if !doom.isFulfilled { try await change() }
        try await awaitDeath(of: pid, doom)
        try await startController()
    }

    /// The controller stands still while the agent waits to be confirmed.
    func goBack(_ doom: Doom) async throws {
        try await killAgent()
        let pid = try startAgent(doom)
        let controllers = ProcessTable.entries(in: [lab.names.controller]).filter { $0.program == "warrend" }.map(\.pid)
        func tell(_ signal: Int32) { for controller in controllers { kill(controller, signal) } }
        defer { tell(SIGCONT) }
        try await awaitSessions(or: doom)
        let trial = "\(lab.programs.stateDirectory(of: first))/trial.bin"
        for _ in 0..<5 where !doom.isFulfilled {
            try await apply(confirmingWithin: 4)
            // Confirmed before the controller could be stopped: once more.
            let isCaught: Bool = try await awaitCondition("the gateway runs a trial", within: .seconds(30)) {
                guard access(trial, F_OK) == 0 else { return (try? await status())?.isWell == true ? false : nil }
                tell(SIGSTOP)
                if access(trial, F_OK) == 0 { return true }
                tell(SIGCONT)
                return nil
            }
            if isCaught { break }
        }
        try await awaitDeath(of: pid, doom)
        try startAgent()
    }

    func rollBackByHand() async throws {
        let state = lab.programs.stateDirectory(of: first)
        if access("\(state)/previous.bin", F_OK) != 0 {
            try await apply()
            try await awaitWell()
        }
        // The agent may die before it answers.
        _ = try await ChildProcess.run([Programs.path("warren-agent"), "rollback", "--state", state])
    }

    func drain() async throws {
        let done = try await warren(["site", "drain", "second", "--yes", "--no-wait"] + Self.hasty())
        guard done else { throw LabError(.failed, "the site is not drained") }
    }

    func undrain() async throws {
        let done = try await warren(["site", "undrain", "second", "--yes", "--no-wait"] + Self.hasty())
        guard done else { throw LabError(.failed, "the site is not let back in") }
    }

    /// Orders something of a roll-out that is under way.
    func order(_ order: String) async throws {
        guard try await apply(settling: 3) else { throw LabError(.failed, "the change is not accepted") }
        _ = try await warren(["rollout", order], makesGeneration: false)
    }

    /// The second gateway gets another public address.
    func move() async throws {
        let present = try await ChildProcess.require(
            ["ip", "-n", second.gatewayNamespace, "-br", "-4", "addr", "show", "wan"], failing: "cannot read addresses")
        let moved = IPAddress(v4: 0xC613_0063)
        guard let given = second.publicAddresses.first else { throw LabError(.failed, "the gateway has no address") }
        let (old, new) = present.contains("\(moved)/32") ? (moved, given) : (given, moved)
        try await ChildProcess.require(
            ["ip", "-n", second.gatewayNamespace, "-batch", "-"],
            // In this order: with the last address of a device, its routes go.
            input: "addr add \(new)/32 dev wan\naddr del \(old)/32 dev wan\n", failing: "cannot change the address")
    }
}
