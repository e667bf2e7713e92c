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
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard turn.isBefore(heap[parent]) else { break }
            heap[child] = heap[parent]
            child = parent
        }
        heap[child] = turn
    }

    mutating func removeFirst(until end: UInt64) -> Entry? {
        guard let first = heap.first, first.time <= end else { return nil }
        sink(heap.removeLast())
        freePlaces.append(first.place)
        return entries[first.place].take()
    }

    /// Puts it in the place of the first, and from there as far down as it belongs.
    private mutating func sink(_ turn: Turn) {
        guard !heap.isEmpty else { return }
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].isBefore(heap[child]) { child += 1 }
            guard heap[child].isBefore(turn) else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = turn
    }
}
