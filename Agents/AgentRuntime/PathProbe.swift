import WarrenModel

/// Finds the largest packet that crosses one tunnel whole, by echoes that must not be fragmented.
///
/// Every 30 s one as large as the tunnel's MTU is sent; when three in a row are lost while small ones are answered, the largest
/// that is not is searched for by halving. Pure.
struct PathProbe {
    static let period: Duration = .seconds(30)
    /// An echo that was not answered within this time is lost.
    static let patience: Duration = .seconds(1)
    /// So many must be lost before a size counts as too large.
    static let tries = 3
    /// Every path takes a packet of this many bytes (RFC 791, RFC 8200): what is less is never tried.
    static let least = 576
    /// The search ends when so few bytes are left to tell.
    static let grain = 4

    private enum Phase {
        case resting
        /// Whether packets of the tunnel's MTU pass.
        case checking
        /// The largest that passed, and the smallest that was lost.
        case searching(passed: Int, lost: Int)
    }

    /// Nil: unknown, so that nothing is tried.
    var tunnelMTU: Int? {
        didSet {
            guard tunnelMTU != oldValue else { return }
            (phase, result, dueAt, size) = (.resting, nil, begunAt, 0)
        }
    }
    private var phase = Phase.resting
    private let begunAt: MonotonicTime
    /// When `next` is to be asked again.
    private(set) var dueAt: MonotonicTime
    /// What is tried now, how often it was, and when the first of these tries was.
    private var size = 0
    private var tried = 0
    private var triedSince: MonotonicTime
    /// The largest packet that passed, as far as the last search or check that ended tells; nil before the first.
    private(set) var result: Int?

    init(tunnelMTU: Int?, dueAt: MonotonicTime) {
        self.tunnelMTU = tunnelMTU
        self.dueAt = dueAt
        (begunAt, triedSince) = (dueAt, dueAt)
    }

    /// The size in bytes of the packet to be sent now; nil when none is.
    ///
    /// - Parameter lastAnswer: when the last small echo was answered: while none are, nothing is learned.
    mutating func next(lastAnswer: MonotonicTime?, now: MonotonicTime) -> Int? {
        guard now >= dueAt else { return nil }
        guard let tunnelMTU, tunnelMTU >= Self.least, let lastAnswer, now.since(lastAnswer) < .seconds(3) else {
            // The link is down: begin anew when it is not.
            (phase, dueAt) = (.resting, now + Self.patience)
            return nil
        }
        switch phase {
        case .resting:
            phase = .checking
            begin(tunnelMTU, now)
        case .checking, .searching:
            // The last try was lost. That tells something only if small echoes were answered since.
            if tried >= Self.tries {
                if lastAnswer > triedSince { lose(now) } else { (tried, triedSince) = (0, now) }
            }
        }
        guard now >= dueAt else { return nil }
        tried += 1
        dueAt = now + Self.patience
        return size
    }

    /// An echo of this size was answered.
    mutating func answered(_ size: Int, now: MonotonicTime) {
        switch phase {
        case .resting: return
        case .checking:
            guard size == tunnelMTU else { return }
            rest(size, now)
        case .searching(let passed, let lost):
            guard size > passed, size < lost else { return }
            search(passed: size, lost: lost, now)
        }
    }

    private mutating func lose(_ now: MonotonicTime) {
        switch phase {
        case .resting: return
        case .checking:
            // What passed before is likely to pass still.
            if let result, result < size {
                search(passed: Self.least, lost: size, first: result, now)
            } else {
                search(passed: Self.least, lost: size, now)
            }
        case .searching(let passed, _): search(passed: passed, lost: size, now)
        }
    }

    private mutating func search(passed: Int, lost: Int, first: Int? = nil, _ now: MonotonicTime) {
        guard lost - passed > Self.grain else {
            rest(passed, now)
            return
        }
        phase = .searching(passed: passed, lost: lost)
        begin(first ?? passed + (lost - passed) / 2, now)
    }

    private mutating func begin(_ size: Int, _ now: MonotonicTime) {
        (self.size, tried, triedSince, dueAt) = (size, 0, now, now)
    }

    private mutating func rest(_ result: Int, _ now: MonotonicTime) {
        self.result = result
        (phase, dueAt) = (.resting, now + Self.period)
    }
}
