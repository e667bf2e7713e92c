import ESP
import Testing

/// The window as the RFC's words have it, with a set instead of a bitmap.
private struct ObviousWindow {
    var top: UInt64 = 0
    var seen: Set<UInt64> = []

    func accepts(_ sequence: UInt64) -> Bool {
        sequence != 0 && !seen.contains(sequence) && sequence.addingReportingOverflow(1024).partialValue > top
    }

    mutating func record(_ sequence: UInt64) {
        seen.insert(sequence)
        top = max(top, sequence)
    }
}

@Suite struct ReplayWindows {
    @Test(arguments: [UInt64(1), 2, 3, 4], [UInt64(0), 1 << 20, 1 << 40])
    func agreesWithTheObviousWindow(seed: UInt64, start: UInt64) {
        var random = SeededGenerator(state: seed), window = ReplayWindow(extended: true), obvious = ObviousWindow()
        if start > 0 {
            window.update(start)
            obvious.record(start)
        }
        var accepted = 0
        for _ in 0..<20_000 {
            // Mostly about the top; sometimes just outside the window, sometimes a leap, sometimes long ago.
            let back = UInt64.random(in: 0...1, using: &random) == 0
            let distance =
                switch UInt64.random(in: 0..<20, using: &random) {
                case 0: UInt64.random(in: 1020...1030, using: &random)
                case 1: UInt64.random(in: 2040...2100, using: &random)
                case 2: UInt64.random(in: 0...100_000, using: &random)
                default: UInt64.random(in: 0...70, using: &random)
                }
            let sequence = back ? obvious.top - min(distance, obvious.top) : obvious.top + distance
            let expected = obvious.accepts(sequence)
            let answer = window.check(sequence)
            #expect(answer == expected)
            // Some that pass the check are forged: nothing is recorded of those.
            if expected, UInt64.random(in: 0..<10, using: &random) > 0 {
                window.update(sequence)
                obvious.record(sequence)
                accepted += 1
            }
            let top = window.top
            #expect(top == obvious.top)
        }
        #expect(accepted > 1000)
    }

    /// The inferred number is the one nearest to the window that has the low half (RFC 4303, A2.1).
    @Test(
        arguments: [
            1, 100, 1022, 1023, 1024, 1 << 31, 0xffff_fc00, 0xffff_ffff, 1 << 32, 4_294_968_318, 4_294_968_319, 7 << 32,
        ] as [UInt64])
    func highHalfIsInferred(top: UInt64) throws {
        var window = ReplayWindow(extended: true)
        window.update(top)
        let first = top > 1023 ? top - 1023 : 0
        for sequence in [first, top, top + 1, top + 1000, top + 0x7fff_ffff] {
            let answer1 = window.sequence(low: UInt32(truncatingIfNeeded: sequence))
            #expect(answer1 == sequence)
        }
        if top >= 1023 {
            let last = first + 0xffff_ffff
            let answer = window.sequence(low: UInt32(truncatingIfNeeded: last))
            #expect(answer == last)
        }
        if top >= 1024 {
            let before = first - 1
            let answer2 = window.sequence(low: UInt32(truncatingIfNeeded: before))
            #expect(answer2 == before + (1 << 32))
        }
    }

    @Test func nothingComesBeforeTheFirstOrAfterTheLast() {
        let fresh = ReplayWindow(extended: true)
        let answer3 = fresh.sequence(low: 0xffff_ffff)
        #expect(answer3 == nil)
        let answer4 = fresh.check(0)
        #expect(!answer4)
        var last = ReplayWindow(extended: true)
        last.update(.max)
        let answer5 = last.sequence(low: 5)
        #expect(answer5 == nil)
        let answer6 = last.sequence(low: 0xffff_fffe)
        #expect(answer6 == UInt64.max - 1)
        let answer7 = last.check(.max - 1)
        #expect(answer7)
        let answer8 = last.check(.max)
        #expect(!answer8)
    }

    @Test func withoutExtensionNumbersAreTaken() {
        var window = ReplayWindow(extended: false)
        window.update(0xffff_ffff)
        let answer9 = window.sequence(low: 3)
        #expect(answer9 == 3)
        let answer10 = window.check(3)
        #expect(!answer10)
    }
}
