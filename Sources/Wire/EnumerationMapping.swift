import WarrenModel

extension Platform {
    init(wire: Warren_Agent_V1_Platform) throws(WireError) {
        switch wire {
        case .freebsd: self = .freebsd
        case .linux: self = .linux
        case .embedded: self = .embedded
        case .unspecified, .UNRECOGNIZED: throw Field.fault("platform", "unknown")
        }
    }

    var wire: Warren_Agent_V1_Platform {
        switch self {
        case .freebsd: .freebsd
        case .linux: .linux
        case .embedded: .embedded
        }
    }
}

extension IPsecMode {
    init(wire: Warren_Agent_V1_IPsecMode) throws(WireError) {
        switch wire {
        case .tunnel: self = .tunnel
        case .transport: self = .transport
        case .unspecified, .UNRECOGNIZED: throw Field.fault("mode", "unknown")
        }
    }

    var wire: Warren_Agent_V1_IPsecMode { self == .tunnel ? .tunnel : .transport }
}

extension SecurityPolicy.Direction {
    init(wire: Warren_Agent_V1_Direction) throws(WireError) {
        switch wire {
        case .inbound: self = .inbound
        case .outbound: self = .outbound
        case .unspecified, .UNRECOGNIZED: throw Field.fault("direction", "unknown")
        }
    }

    var wire: Warren_Agent_V1_Direction { self == .inbound ? .inbound : .outbound }
}

extension SecurityPolicy.Level {
    init(wire: Warren_Agent_V1_PolicyLevel) throws(WireError) {
        switch wire {
        case .require: self = .require
        case .unspecified, .UNRECOGNIZED: throw Field.fault("level", "unknown")
        }
    }

    var wire: Warren_Agent_V1_PolicyLevel {
        switch self {
        case .require: .require
        }
    }
}

extension FirewallRule.Action {
    init(wire: Warren_Agent_V1_FirewallAction) throws(WireError) {
        switch wire {
        case .allow: self = .allow
        case .drop: self = .drop
        case .unspecified, .UNRECOGNIZED: throw Field.fault("action", "unknown")
        }
    }

    var wire: Warren_Agent_V1_FirewallAction { self == .allow ? .allow : .drop }
}

extension FirewallRule.Direction {
    init(wire: Warren_Agent_V1_Direction) throws(WireError) {
        self = try SecurityPolicy.Direction(wire: wire) == .inbound ? .inbound : .outbound
    }

    var wire: Warren_Agent_V1_Direction { self == .inbound ? .inbound : .outbound }
}

extension Warren_Agent_V1_Protection {
    init(unprotected: Bool?) {
        self = unprotected.map { $0 ? .unprotected : .protected } ?? .any
    }

    func unprotected() throws(WireError) -> Bool? {
        switch self {
        case .any: nil
        case .unprotected: true
        case .protected: false
        case .UNRECOGNIZED: throw Field.fault("protection", "unknown")
        }
    }
}

extension IKEReport.State {
    init(wire: Warren_Agent_V1_IKEState) throws(WireError) {
        switch wire {
        case .idle: self = .idle
        case .connecting: self = .connecting
        case .established: self = .established
        case .unspecified, .UNRECOGNIZED: throw Field.fault("state", "unknown")
        }
    }

    var wire: Warren_Agent_V1_IKEState {
        switch self {
        case .idle: .idle
        case .connecting: .connecting
        case .established: .established
        }
    }
}
