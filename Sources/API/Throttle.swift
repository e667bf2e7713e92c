import Hummingbird
import Synchronization
import WarrenController
import WarrenModel

/// The limits that all entrances share.
final class Throttle: Sendable {
    let limits: API.Limits
    private let requests: RateLimiter
    private let addresses: RateLimiter
    private let failures: RateLimiter
    private let clock: ControllerClock

    init(_ limits: API.Limits, clock: ControllerClock) {
        self.limits = limits
        self.clock = clock
        requests = RateLimiter(limits.requests)
        addresses = RateLimiter(limits.addresses)
        failures = RateLimiter(limits.failures)
    }

    /// Counts a request of whoever it is.
    func count(from address: String?) throws {
        guard let address else { return }
        try Self.refuse(addresses.take(Self.network(of: address), now: clock.monotonic()), "this address asks too often")
    }

    /// Counts a request whose credential was good.
    func count(of principal: Principal) throws {
        guard principal.means != .socket else { return }
        try Self.refuse(requests.take(principal.credential, now: clock.monotonic()), "this credential asks too often")
    }

    /// What a credential that was not good is answered.
    func failure(from address: String?) -> Refusal {
        do {
            let wait = failures.take(address.map(Self.network) ?? "", now: clock.monotonic())
            try Self.refuse(wait, "too many credentials from this address were not good")
            return Refusal(
                .unauthorized, "this token or session is none of this controller, or has ended",
                headers: [.wwwAuthenticate: #"Bearer error="invalid_token""#])
        } catch {
            return error
        }
    }

    private static func refuse(_ seconds: Int?, _ reason: String) throws(Refusal) {
        guard let seconds else { return }
        throw Refusal(.tooManyRequests, "\(reason): try again in \(seconds) s", headers: [.retryAfter: "\(seconds)"])
    }

    /// Of IPv6 the first 64 bits: whoever has one address there has them all.
    static func network(of address: String) -> String {
        guard let parsed = IPAddress(address), parsed.family == .ipv6 else { return address }
        return IPAddress(v6: (parsed.bits >> 64) << 64).description
    }
}

/// At most so many requests at once at one entrance.
final class Turnstile: RouterMiddleware {
    typealias Context = APIContext

    private let limit: Int
    private let inside = Mutex(0)

    init(limit: Int) { self.limit = limit }

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let mayEnter = inside.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        guard mayEnter else {
            throw Refusal(.serviceUnavailable, "too many requests are being answered", headers: [.retryAfter: "1"])
        }
        defer { inside.withLock { $0 -= 1 } }
        return try await next(request, context)
    }
}
