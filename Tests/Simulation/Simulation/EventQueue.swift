/// What is still to happen, by time, and in the order of scheduling where times are equal: a binary heap.
struct EventQueue {
    struct Entry {
        let time: UInt64
        let label: StaticString
        let site: Int
        let body: () -> Void
    }

    /// What the order follows from, apart from what happens: that stays in its place while these are moved about.
    private struct Turn {
        let time: UInt64
        let serial: UInt64
        let place: Int

        func isBefore(_ other: Turn) -> Bool { time == other.time ? serial < other.serial : time < other.time }
    }

    private var heap: [Turn] = []
    private var entries: [Entry?] = []
    private var freePlaces: [Int] = []
    private var serial: UInt64 = 0

    mutating func add(at time: UInt64, _ label: StaticString, _ site: Int, _ body: @escaping () -> Void) {
        serial += 1
        let entry = Entry(time: time, label: label, site: site, body: body)
        let place = freePlaces.popLast() ?? entries.count
        if place == entries.count { entries.append(entry) } else { entries[place] = entry }
        let turn = Turn(time: time, serial: serial, place: place)
        heap.append(turn)
        heap.withUnsafeMutableBufferPointer { Self.rise(turn, from: $0.count - 1, in: $0) }
    }

    mutating func removeFirst(until end: UInt64) -> Entry? {
        guard let first = heap.first, first.time <= end else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty { replaceFirst(by: last) }
        freePlaces.append(first.place)
        return entries[first.place].take()
    }

    /// The last belongs near the bottom, mostly: so the place of the first is let down all the way, at one comparison for each
    /// level, and the last rises from there.
    private mutating func replaceFirst(by turn: Turn) {
        heap.withUnsafeMutableBufferPointer { heap in
            var place = 0
            while true {
                var child = 2 * place + 1
                guard child < heap.count else { break }
                if child + 1 < heap.count, heap[child + 1].isBefore(heap[child]) { child += 1 }
                heap[place] = heap[child]
                place = child
            }
            Self.rise(turn, from: place, in: heap)
        }
    }

    private static func rise(_ turn: Turn, from place: Int, in heap: UnsafeMutableBufferPointer<Turn>) {
        var place = place
        while place > 0 {
            let parent = (place - 1) / 2
            guard turn.isBefore(heap[parent]) else { break }
            heap[place] = heap[parent]
            place = parent
        }
        heap[place] = turn
    }
}
